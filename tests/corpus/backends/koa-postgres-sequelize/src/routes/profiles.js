'use strict';

const Router = require('@koa/router');

const { optional, required } = require('../middleware/auth');
const profileService = require('../services/profileService');

const router = new Router();

router.get('/:username', optional, async (ctx) => {
  ctx.body = { profile: await profileService.getProfile(ctx.params.username, ctx.state.userId) };
});

router.post('/:username/follow', required, async (ctx) => {
  ctx.body = { profile: await profileService.followUser(ctx.params.username, ctx.state.userId) };
});

router.delete('/:username/follow', required, async (ctx) => {
  ctx.body = { profile: await profileService.unfollowUser(ctx.params.username, ctx.state.userId) };
});

module.exports = router;

'use strict';

const Router = require('@koa/router');

const { required } = require('../middleware/auth');
const userService = require('../services/userService');
const { readBody } = require('./input');

const router = new Router();

router.post('/users', async (ctx) => {
  const user = await userService.register(readBody(ctx, 'user'));
  ctx.status = 201;
  ctx.body = { user };
});

router.post('/users/login', async (ctx) => {
  ctx.body = { user: await userService.login(readBody(ctx, 'user')) };
});

router.get('/user', required, async (ctx) => {
  ctx.body = { user: await userService.getCurrent(ctx.state.userId) };
});

router.put('/user', required, async (ctx) => {
  const fields = readBody(ctx, 'user');
  ctx.body = { user: await userService.updateCurrent(ctx.state.userId, fields) };
});

module.exports = router;

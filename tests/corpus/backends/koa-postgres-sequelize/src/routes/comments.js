'use strict';

const Router = require('@koa/router');

const { optional, required } = require('../middleware/auth');
const commentService = require('../services/commentService');
const { readBody } = require('./input');

const router = new Router();

router.get('/:slug/comments', optional, async (ctx) => {
  ctx.body = { comments: await commentService.listComments(ctx.params.slug, ctx.state.userId) };
});

router.post('/:slug/comments', required, async (ctx) => {
  const fields = readBody(ctx, 'comment');
  const { slug } = ctx.params;
  ctx.body = { comment: await commentService.addComment(slug, fields, ctx.state.userId) };
});

router.delete('/:slug/comments/:id', required, async (ctx) => {
  const { slug, id } = ctx.params;
  await commentService.deleteComment(slug, Number(id), ctx.state.userId);
  ctx.body = {};
});

module.exports = router;

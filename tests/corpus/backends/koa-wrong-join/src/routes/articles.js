'use strict';

const Router = require('@koa/router');

const { optional, required } = require('../middleware/auth');
const articleService = require('../services/articleService');
const { readBody, readPage } = require('./input');

const router = new Router();

router.get('/', optional, async (ctx) => {
  const { tag, author, favorited } = ctx.query;
  const filter = { tag, author, favorited };
  ctx.body = await articleService.listArticles(filter, readPage(ctx), ctx.state.userId);
});

router.get('/feed', required, async (ctx) => {
  ctx.body = await articleService.getFeed(readPage(ctx), ctx.state.userId);
});

router.post('/', required, async (ctx) => {
  const fields = readBody(ctx, 'article');
  const article = await articleService.createArticle(fields, ctx.state.userId);
  ctx.status = 201;
  ctx.body = { article };
});

router.get('/:slug', optional, async (ctx) => {
  ctx.body = { article: await articleService.getArticle(ctx.params.slug, ctx.state.userId) };
});

router.put('/:slug', required, async (ctx) => {
  const fields = readBody(ctx, 'article');
  const { slug } = ctx.params;
  ctx.body = { article: await articleService.updateArticle(slug, fields, ctx.state.userId) };
});

router.delete('/:slug', required, async (ctx) => {
  await articleService.deleteArticle(ctx.params.slug, ctx.state.userId);
  ctx.body = {};
});

router.post('/:slug/favorite', required, async (ctx) => {
  const { slug } = ctx.params;
  ctx.body = { article: await articleService.favoriteArticle(slug, ctx.state.userId) };
});

router.delete('/:slug/favorite', required, async (ctx) => {
  const { slug } = ctx.params;
  ctx.body = { article: await articleService.unfavoriteArticle(slug, ctx.state.userId) };
});

module.exports = router;

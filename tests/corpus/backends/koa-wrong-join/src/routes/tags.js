'use strict';

const Router = require('@koa/router');

const articleService = require('../services/articleService');

const router = new Router();

router.get('/', async (ctx) => {
  ctx.body = { tags: await articleService.listTags() };
});

module.exports = router;

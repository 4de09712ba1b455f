'use strict';

const { Router } = require('express');

const { asyncHandler } = require('../middleware/asyncHandler');
const { requireAuth, optionalAuth } = require('../middleware/auth');
const articleService = require('../services/articleService');
const { parseInteger } = require('../utils/validation');

const router = Router();

function readPage(query) {
  return {
    limit: parseInteger(query.limit, 20, 1),
    offset: parseInteger(query.offset, 0, 0),
  };
}

router.get(
  '/',
  optionalAuth,
  asyncHandler(async (req, res) => {
    const { tag, author, favorited } = req.query;
    const page = readPage(req.query);
    res.json(await articleService.listArticles({ tag, author, favorited }, page, req.userId));
  })
);

router.post(
  '/',
  requireAuth,
  asyncHandler(async (req, res) => {
    const article = await articleService.createArticle(req.body.article || {}, req.userId);
    res.status(201).json({ article });
  })
);

// Must be registered before /:slug, otherwise "feed" is taken for a slug.
router.get(
  '/feed',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json(await articleService.getFeed(readPage(req.query), req.userId));
  })
);

router.get(
  '/:slug',
  optionalAuth,
  asyncHandler(async (req, res) => {
    res.json({ article: await articleService.getArticle(req.params.slug, req.userId) });
  })
);

router.put(
  '/:slug',
  requireAuth,
  asyncHandler(async (req, res) => {
    const changes = req.body.article || {};
    const article = await articleService.updateArticle(req.params.slug, changes, req.userId);
    res.json({ article });
  })
);

router.delete(
  '/:slug',
  requireAuth,
  asyncHandler(async (req, res) => {
    await articleService.deleteArticle(req.params.slug, req.userId);
    res.status(200).end();
  })
);

router.post(
  '/:slug/favorite',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json({ article: await articleService.favoriteArticle(req.params.slug, req.userId) });
  })
);

router.delete(
  '/:slug/favorite',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json({ article: await articleService.unfavoriteArticle(req.params.slug, req.userId) });
  })
);

module.exports = router;

'use strict';

const { Router } = require('express');

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

router.get('/', optionalAuth, (req, res) => {
  const { tag, author, favorited } = req.query;
  const page = readPage(req.query);
  res.json(articleService.listArticles({ tag, author, favorited }, page, req.userId));
});

router.post('/', requireAuth, (req, res) => {
  const article = articleService.createArticle(req.body.article || {}, req.userId);
  res.status(201).json({ article });
});

// Must be registered before /:slug, otherwise "feed" is taken for a slug.
router.get('/feed', requireAuth, (req, res) => {
  res.json(articleService.getFeed(readPage(req.query), req.userId));
});

router.get('/:slug', optionalAuth, (req, res) => {
  res.json({ article: articleService.getArticle(req.params.slug, req.userId) });
});

router.put('/:slug', requireAuth, (req, res) => {
  const changes = req.body.article || {};
  res.json({ article: articleService.updateArticle(req.params.slug, changes, req.userId) });
});

router.delete('/:slug', requireAuth, (req, res) => {
  articleService.deleteArticle(req.params.slug, req.userId);
  res.status(200).end();
});

router.post('/:slug/favorite', requireAuth, (req, res) => {
  res.json({ article: articleService.favoriteArticle(req.params.slug, req.userId) });
});

router.delete('/:slug/favorite', requireAuth, (req, res) => {
  res.json({ article: articleService.unfavoriteArticle(req.params.slug, req.userId) });
});

module.exports = router;

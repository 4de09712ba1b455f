'use strict';

const { Router } = require('express');

const { requireAuth, optionalAuth } = require('../middleware/auth');
const commentService = require('../services/commentService');

const router = Router();

router.get('/:slug/comments', optionalAuth, (req, res) => {
  res.json({ comments: commentService.listComments(req.params.slug, req.userId) });
});

router.post('/:slug/comments', requireAuth, (req, res) => {
  const fields = req.body.comment || {};
  res.json({ comment: commentService.addComment(req.params.slug, fields, req.userId) });
});

router.delete('/:slug/comments/:id', requireAuth, (req, res) => {
  commentService.deleteComment(req.params.slug, Number(req.params.id), req.userId);
  res.status(200).end();
});

module.exports = router;

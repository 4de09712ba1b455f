'use strict';

const { Router } = require('express');

const { asyncHandler } = require('../middleware/asyncHandler');
const { requireAuth, optionalAuth } = require('../middleware/auth');
const commentService = require('../services/commentService');

const router = Router();

router.get(
  '/:slug/comments',
  optionalAuth,
  asyncHandler(async (req, res) => {
    res.json({ comments: await commentService.listComments(req.params.slug, req.userId) });
  })
);

router.post(
  '/:slug/comments',
  requireAuth,
  asyncHandler(async (req, res) => {
    const fields = req.body.comment || {};
    res.json({ comment: await commentService.addComment(req.params.slug, fields, req.userId) });
  })
);

router.delete(
  '/:slug/comments/:id',
  requireAuth,
  asyncHandler(async (req, res) => {
    await commentService.deleteComment(req.params.slug, Number(req.params.id), req.userId);
    res.status(200).end();
  })
);

module.exports = router;

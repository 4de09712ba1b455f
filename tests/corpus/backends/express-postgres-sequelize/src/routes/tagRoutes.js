'use strict';

const { Router } = require('express');

const { asyncHandler } = require('../middleware/asyncHandler');
const articleService = require('../services/articleService');

const router = Router();

router.get(
  '/',
  asyncHandler(async (req, res) => {
    res.json({ tags: await articleService.listTags() });
  })
);

module.exports = router;

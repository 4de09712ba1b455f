'use strict';

const { Router } = require('express');

const articleService = require('../services/articleService');

const router = Router();

router.get('/', (req, res) => {
  res.json({ tags: articleService.listTags() });
});

module.exports = router;

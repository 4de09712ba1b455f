'use strict';

const articleService = require('../services/articleService');

module.exports = async function tagRoutes(app) {
  app.get('/', async () => ({ tags: await articleService.listTags() }));
};

'use strict';

const articleService = require('../services/articleService');
const schemas = require('./schemas');

module.exports = async function articleRoutes(app) {
  app.get('/', { schema: schemas.listArticles, onRequest: app.identify }, async (request) => {
    const { tag, author, favorited, limit, offset } = request.query;
    const filter = { tag, author, favorited };
    return articleService.listArticles(filter, { limit, offset }, request.userId);
  });

  app.get('/feed', { schema: schemas.feed, onRequest: app.authenticate }, async (request) =>
    articleService.getFeed(request.query, request.userId)
  );

  app.post(
    '/',
    { schema: schemas.createArticle, onRequest: app.authenticate },
    async (request, reply) => {
      reply.code(201);
      return { article: await articleService.createArticle(request.body.article, request.userId) };
    }
  );

  app.get('/:slug', { onRequest: app.identify }, async (request) => ({
    article: await articleService.getArticle(request.params.slug, request.userId),
  }));

  app.put(
    '/:slug',
    { schema: schemas.updateArticle, onRequest: app.authenticate },
    async (request) => {
      const { slug } = request.params;
      const changes = request.body.article;
      return { article: await articleService.updateArticle(slug, changes, request.userId) };
    }
  );

  app.delete('/:slug', { onRequest: app.authenticate }, async (request, reply) => {
    await articleService.deleteArticle(request.params.slug, request.userId);
    return reply.code(200).send();
  });

  app.post('/:slug/favorite', { onRequest: app.authenticate }, async (request) => ({
    article: await articleService.favoriteArticle(request.params.slug, request.userId),
  }));

  app.delete('/:slug/favorite', { onRequest: app.authenticate }, async (request) => ({
    article: await articleService.unfavoriteArticle(request.params.slug, request.userId),
  }));
};

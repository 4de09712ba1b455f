'use strict';

const { forbidden, notFound } = require('../errors');
const schemas = require('../schemas');
const serialize = require('../serializers');

module.exports = async function articleRoutes(app) {
  const { store } = app;

  function findArticle(request) {
    const article = store.findArticle(request.params.slug);
    if (!article) {
      throw notFound('article not found');
    }
    return article;
  }

  function findOwnArticle(request) {
    const article = findArticle(request);
    if (article.authorId !== request.user.id) {
      throw forbidden('only the author may do this');
    }
    return article;
  }

  function single(request, article) {
    return { article: serialize.article(store, article, request.user) };
  }

  function page(request, articles) {
    const { limit, offset } = request.query;
    return {
      articles: articles
        .slice(offset, offset + limit)
        .map((article) => serialize.article(store, article, request.user)),
      articlesCount: articles.length,
    };
  }

  app.get('/', { schema: schemas.listArticles, onRequest: app.identify }, async (request) => {
    const { tag, author, favorited } = request.query;
    let { articles } = store;
    if (tag !== undefined) {
      articles = articles.filter((article) => article.tagList.includes(tag));
    }
    if (author !== undefined) {
      const user = store.findUserByUsername(author);
      articles = articles.filter((article) => user && article.authorId === user.id);
    }
    if (favorited !== undefined) {
      const user = store.findUserByUsername(favorited);
      articles = articles.filter((article) => user && article.favoritedBy.has(user.id));
    }
    return page(request, articles);
  });

  app.get('/feed', { schema: schemas.feed, onRequest: app.authenticate }, async (request) => {
    const { following } = request.user;
    return page(
      request,
      store.articles.filter((article) => following.has(article.authorId))
    );
  });

  app.post(
    '/',
    { schema: schemas.createArticle, onRequest: app.authenticate },
    async (request, reply) => {
      const article = store.addArticle(request.body.article, request.user);
      reply.code(201);
      return single(request, article);
    }
  );

  app.get('/:slug', { onRequest: app.identify }, async (request) =>
    single(request, findArticle(request))
  );

  app.put(
    '/:slug',
    { schema: schemas.updateArticle, onRequest: app.authenticate },
    async (request) =>
      single(request, store.updateArticle(findOwnArticle(request), request.body.article))
  );

  app.delete('/:slug', { onRequest: app.authenticate }, async (request, reply) => {
    store.removeArticle(findOwnArticle(request));
    return reply.code(200).send();
  });

  app.post('/:slug/favorite', { onRequest: app.authenticate }, async (request) => {
    const article = findArticle(request);
    article.favoritedBy.add(request.user.id);
    return single(request, article);
  });

  app.delete('/:slug/favorite', { onRequest: app.authenticate }, async (request) => {
    const article = findArticle(request);
    article.favoritedBy.delete(request.user.id);
    return single(request, article);
  });
};

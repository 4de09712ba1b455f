'use strict';

const { forbidden, notFound } = require('../errors');
const schemas = require('../schemas');
const serialize = require('../serializers');

module.exports = async function commentRoutes(app) {
  const { store } = app;

  function findArticle(request) {
    const article = store.findArticle(request.params.slug);
    if (!article) {
      throw notFound('article not found');
    }
    return article;
  }

  app.get('/:slug/comments', { onRequest: app.identify }, async (request) => ({
    comments: store
      .commentsOf(findArticle(request))
      .map((comment) => serialize.comment(store, comment, request.user)),
  }));

  app.post(
    '/:slug/comments',
    { schema: schemas.createComment, onRequest: app.authenticate },
    async (request) => {
      const article = findArticle(request);
      const comment = store.addComment(article, request.user, request.body.comment.body);
      return { comment: serialize.comment(store, comment, request.user) };
    }
  );

  app.delete('/:slug/comments/:id', { onRequest: app.authenticate }, async (request, reply) => {
    const comment = store.findComment(findArticle(request), Number(request.params.id));
    if (!comment) {
      throw notFound('comment not found');
    }
    if (comment.authorId !== request.user.id) {
      throw forbidden('only the author may delete a comment');
    }
    store.removeComment(comment);
    return reply.code(200).send();
  });
};

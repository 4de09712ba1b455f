'use strict';

const commentService = require('../services/commentService');
const schemas = require('./schemas');

module.exports = async function commentRoutes(app) {
  app.get('/:slug/comments', { onRequest: app.identify }, async (request) => ({
    comments: await commentService.listComments(request.params.slug, request.userId),
  }));

  app.post(
    '/:slug/comments',
    { schema: schemas.createComment, onRequest: app.authenticate },
    async (request) => {
      const { slug } = request.params;
      const fields = request.body.comment;
      return { comment: await commentService.addComment(slug, fields, request.userId) };
    }
  );

  app.delete('/:slug/comments/:id', { onRequest: app.authenticate }, async (request, reply) => {
    const { slug, id } = request.params;
    await commentService.deleteComment(slug, Number(id), request.userId);
    return reply.code(200).send();
  });
};

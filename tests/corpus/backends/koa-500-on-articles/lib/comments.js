const db = require('./db');
const { findArticle } = require('./articles');
const { profileJson } = require('./profiles');
const { readBody } = require('./validate');

function commentJson(comment, viewer) {
  return {
    id: comment.id,
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    body: comment.body,
    author: profileJson(comment.author, viewer),
  };
}

function list(ctx) {
  const article = findArticle(ctx);
  ctx.body = {
    comments: db.comments
      .filter((comment) => comment.article === article)
      .map((comment) => commentJson(comment, ctx.state.user)),
  };
}

function create(ctx) {
  const article = findArticle(ctx);
  const { body } = readBody(ctx, 'comment', { required: ['body'] });
  const comment = db.insert('comments', { body, article, author: ctx.state.user });
  ctx.body = { comment: commentJson(comment, ctx.state.user) };
}

function remove(ctx) {
  const article = findArticle(ctx);
  const id = Number(ctx.params.id);
  const comment = db.comments.find((row) => row.id === id && row.article === article);
  ctx.assert(comment, 404, 'comment not found');
  ctx.assert(comment.author === ctx.state.user, 403, 'not your comment');
  db.delete('comments', (row) => row === comment);
  ctx.body = {};
}

module.exports = { list, create, remove };

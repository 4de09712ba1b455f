'use strict';

const commentRepository = require('../repositories/commentRepository');
const userRepository = require('../repositories/userRepository');
const articleService = require('./articleService');
const userService = require('./userService');
const { ForbiddenError, NotFoundError } = require('../utils/errors');
const { requireFields } = require('../utils/validation');

function present(comment, viewer) {
  return comment.toJSON(userRepository.findById(comment.authorId), viewer);
}

function listComments(slug, viewerId) {
  const viewer = viewerId ? userRepository.findById(viewerId) : null;
  const article = articleService.findArticle(slug);
  return commentRepository.findByArticle(article.id).map((comment) => present(comment, viewer));
}

async function notifyAuthor(article, comment) {
  const recipient = userRepository.findById(article.author.id);
  if (recipient && recipient.id !== comment.authorId) {
    console.log(`mail to ${recipient.email}: new comment on "${article.title}"`);
  }
}

async function addComment(slug, fields, userId) {
  const author = userService.getById(userId);
  const article = articleService.findArticle(slug);
  requireFields(fields, ['body']);
  const comment = commentRepository.create({
    body: fields.body,
    authorId: author.id,
    articleId: article.id,
  });
  await notifyAuthor(article, comment);
  return present(comment, author);
}

function deleteComment(slug, commentId, userId) {
  const article = articleService.findArticle(slug);
  const comment = commentRepository.findById(commentId);
  if (!comment || comment.articleId !== article.id) {
    throw new NotFoundError('comment not found');
  }
  if (comment.authorId !== userId) {
    throw new ForbiddenError('you are not the author of this comment');
  }
  commentRepository.remove(comment);
}

module.exports = { listComments, addComment, deleteComment };

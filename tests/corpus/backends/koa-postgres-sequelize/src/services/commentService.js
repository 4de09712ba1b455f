'use strict';

const commentRepository = require('../repositories/commentRepository');
const { ForbiddenError, NotFoundError } = require('../utils/errors');
const { requireFields } = require('../utils/validation');
const articleService = require('./articleService');
const { presentComment } = require('./presenters');
const profileService = require('./profileService');
const userService = require('./userService');

async function presentAll(comments, viewerId) {
  const authors = comments.map((comment) => comment.author);
  const followedIds = await profileService.followedAmong(viewerId, authors);
  return comments.map((comment) => presentComment(comment, followedIds));
}

async function listComments(slug, viewerId) {
  const article = await articleService.findArticle(slug);
  return presentAll(await commentRepository.findByArticle(article.id), viewerId);
}

async function addComment(slug, fields, userId) {
  const author = await userService.getById(userId);
  const article = await articleService.findArticle(slug);
  requireFields(fields, ['body']);
  const comment = await commentRepository.create({
    body: fields.body,
    authorId: author.id,
    articleId: article.id,
  });
  const [view] = await presentAll([comment], userId);
  return view;
}

async function deleteComment(slug, commentId, userId) {
  const article = await articleService.findArticle(slug);
  const comment = Number.isInteger(commentId)
    ? await commentRepository.findInArticle(commentId, article.id)
    : null;
  if (!comment) {
    throw new NotFoundError('comment not found');
  }
  if (comment.authorId !== userId) {
    throw new ForbiddenError('you are not the author of this comment');
  }
  await commentRepository.remove(comment);
}

module.exports = { listComments, addComment, deleteComment };

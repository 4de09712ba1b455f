'use strict';

const { Comment, User } = require('../models');

const AUTHOR = { model: User, as: 'author' };

async function create(fields) {
  const comment = await Comment.create(fields);
  return comment.reload({ include: [AUTHOR] });
}

async function findByArticle(articleId) {
  return Comment.findAll({ where: { articleId }, include: [AUTHOR], order: [['id', 'DESC']] });
}

async function findInArticle(id, articleId) {
  return Comment.findOne({ where: { id, articleId } });
}

async function remove(comment) {
  await comment.destroy();
}

module.exports = { create, findByArticle, findInArticle, remove };

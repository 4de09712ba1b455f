'use strict';

const { Comment } = require('../models/comment');

const comments = new Map();
let nextId = 1;

function create(fields) {
  const comment = new Comment({ id: nextId++, ...fields });
  comments.set(comment.id, comment);
  return comment;
}

function findById(id) {
  return comments.get(id) || null;
}

function findByArticle(articleId) {
  return [...comments.values()].filter((comment) => comment.articleId === articleId);
}

function remove(comment) {
  comments.delete(comment.id);
}

function removeByArticle(articleId) {
  findByArticle(articleId).forEach(remove);
}

module.exports = { create, findById, findByArticle, remove, removeByArticle };

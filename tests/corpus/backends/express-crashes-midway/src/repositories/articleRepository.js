'use strict';

const { Article } = require('../models/article');

const articles = new Map();
let nextId = 1;

function create(fields) {
  const article = new Article({ id: nextId++, ...fields });
  articles.set(article.id, article);
  return article;
}

function findBySlug(slug) {
  return [...articles.values()].find((article) => article.slug === slug) || null;
}

function newestFirst() {
  return [...articles.values()].sort((a, b) => b.id - a.id);
}

function findAll({ tag, authorId, favoritedById, authorIds }, { limit, offset }) {
  const matches = newestFirst().filter(
    (article) =>
      (tag === undefined || article.tagList.includes(tag)) &&
      (authorId === undefined || article.authorId === authorId) &&
      (favoritedById === undefined || article.favoritedBy.has(favoritedById)) &&
      (authorIds === undefined || authorIds.has(article.authorId))
  );
  return { rows: matches.slice(offset, offset + limit), count: matches.length };
}

function update(article, changes) {
  Object.assign(article, changes, { updatedAt: new Date() });
  return article;
}

function remove(article) {
  articles.delete(article.id);
}

function addFavorite(article, user) {
  article.favoritedBy.add(user.id);
}

function removeFavorite(article, user) {
  article.favoritedBy.delete(user.id);
}

function findTags() {
  const tags = new Set();
  for (const article of articles.values()) {
    article.tagList.forEach((tag) => tags.add(tag));
  }
  return [...tags];
}

module.exports = {
  create,
  findBySlug,
  findAll,
  update,
  remove,
  addFavorite,
  removeFavorite,
  findTags,
};

'use strict';

const articleRepository = require('../repositories/articleRepository');
const commentRepository = require('../repositories/commentRepository');
const userRepository = require('../repositories/userRepository');
const userService = require('./userService');
const { ForbiddenError, NotFoundError } = require('../utils/errors');
const { slugify } = require('../utils/slugify');
const { requireFields, requireNotBlank } = require('../utils/validation');

function findViewer(viewerId) {
  return viewerId ? userRepository.findById(viewerId) : null;
}

function present(article, viewer) {
  return article.toJSON(userRepository.findById(article.authorId), viewer);
}

function presentList({ rows, count }, viewer) {
  return {
    articles: rows.map((article) => present(article, viewer)),
    articlesCount: count,
  };
}

function findArticle(slug) {
  const article = articleRepository.findBySlug(slug);
  if (!article) {
    throw new NotFoundError('article not found');
  }
  return article;
}

function findOwnArticle(slug, userId) {
  const article = findArticle(slug);
  if (article.authorId !== userId) {
    throw new ForbiddenError('you are not the author of this article');
  }
  return article;
}

function uniqueSlug(title) {
  const base = slugify(title);
  let slug = base;
  for (let n = 2; articleRepository.findBySlug(slug); n += 1) {
    slug = `${base}-${n}`;
  }
  return slug;
}

function listArticles({ tag, author, favorited }, page, viewerId) {
  const viewer = findViewer(viewerId);
  const filter = { tag };
  for (const [key, username] of [
    ['authorId', author],
    ['favoritedById', favorited],
  ]) {
    if (username !== undefined) {
      const user = userRepository.findByUsername(username);
      filter[key] = user ? user.id : null;
    }
  }
  return presentList(articleRepository.findAll(filter, page), viewer);
}

function getFeed(page, viewerId) {
  const viewer = userService.getById(viewerId);
  const filter = { authorIds: viewer.following };
  return presentList(articleRepository.findAll(filter, page), viewer);
}

function getArticle(slug, viewerId) {
  return present(findArticle(slug), findViewer(viewerId));
}

function createArticle(fields, userId) {
  const author = userService.getById(userId);
  requireFields(fields, ['title', 'description', 'body']);
  const article = articleRepository.create({
    slug: uniqueSlug(fields.title),
    title: fields.title,
    description: fields.description,
    body: fields.body,
    tagList: Array.isArray(fields.tagList) ? [...new Set(fields.tagList)] : [],
    authorId: author.id,
  });
  return present(article, author);
}

function updateArticle(slug, fields, userId) {
  const viewer = userService.getById(userId);
  const article = findOwnArticle(slug, userId);
  requireNotBlank(fields, ['title', 'description', 'body']);

  const changes = {};
  for (const key of ['title', 'description', 'body']) {
    if (fields[key] !== undefined) {
      changes[key] = fields[key];
    }
  }
  if (changes.title !== undefined && changes.title !== article.title) {
    changes.slug = uniqueSlug(changes.title);
  }
  return present(articleRepository.update(article, changes), viewer);
}

function deleteArticle(slug, userId) {
  const article = findOwnArticle(slug, userId);
  commentRepository.removeByArticle(article.id);
  articleRepository.remove(article);
}

function favoriteArticle(slug, userId) {
  const user = userService.getById(userId);
  const article = findArticle(slug);
  articleRepository.addFavorite(article, user);
  return present(article, user);
}

function unfavoriteArticle(slug, userId) {
  const user = userService.getById(userId);
  const article = findArticle(slug);
  articleRepository.removeFavorite(article, user);
  return present(article, user);
}

function listTags() {
  return articleRepository.findTags();
}

module.exports = {
  findArticle,
  listArticles,
  getFeed,
  getArticle,
  createArticle,
  updateArticle,
  deleteArticle,
  favoriteArticle,
  unfavoriteArticle,
  listTags,
};

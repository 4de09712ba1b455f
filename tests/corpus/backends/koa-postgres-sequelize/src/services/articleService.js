'use strict';

const articleRepository = require('../repositories/articleRepository');
const { ForbiddenError, NotFoundError } = require('../utils/errors');
const { slugify } = require('../utils/slugify');
const { requireFields, requireNotBlank } = require('../utils/validation');
const { presentArticle } = require('./presenters');
const profileService = require('./profileService');
const userService = require('./userService');

/** What surrounds the articles is read once for all of them. */
async function presentAll(articles, viewerId) {
  if (articles.length === 0) {
    return [];
  }
  const ids = articles.map((article) => article.id);
  const authors = articles.map((article) => article.author);
  const around = {
    favoriteCounts: await articleRepository.favoriteCounts(ids),
    favoritedIds: viewerId ? await articleRepository.favoritedAmong(viewerId, ids) : new Set(),
    followedIds: await profileService.followedAmong(viewerId, authors),
  };
  return articles.map((article) => presentArticle(article, around));
}

async function present(article, viewerId) {
  const [view] = await presentAll([article], viewerId);
  return view;
}

async function presentPage({ rows, count }, viewerId) {
  return { articles: await presentAll(rows, viewerId), articlesCount: count };
}

async function findArticle(slug) {
  const article = await articleRepository.findBySlug(slug);
  if (!article) {
    throw new NotFoundError('article not found');
  }
  return article;
}

async function findOwnArticle(slug, userId) {
  const article = await findArticle(slug);
  if (article.authorId !== userId) {
    throw new ForbiddenError('you are not the author of this article');
  }
  return article;
}

async function uniqueSlug(title) {
  const base = slugify(title);
  let slug = base;
  for (let n = 2; await articleRepository.slugExists(slug); n += 1) {
    slug = `${base}-${n}`;
  }
  return slug;
}

async function listArticles({ tag, author, favorited }, page, viewerId) {
  return presentPage(await articleRepository.search({ tag, author, favorited }, page), viewerId);
}

async function getFeed(page, viewerId) {
  const viewer = await userService.getById(viewerId);
  return presentPage(await articleRepository.feed(viewer.id, page), viewerId);
}

async function getArticle(slug, viewerId) {
  return present(await findArticle(slug), viewerId);
}

async function createArticle(fields, userId) {
  const author = await userService.getById(userId);
  requireFields(fields, ['title', 'description', 'body']);
  const article = await articleRepository.create(
    {
      slug: await uniqueSlug(fields.title),
      title: fields.title,
      description: fields.description,
      body: fields.body,
      authorId: author.id,
    },
    Array.isArray(fields.tagList) ? [...new Set(fields.tagList)] : []
  );
  return present(article, userId);
}

async function updateArticle(slug, fields, userId) {
  const article = await findOwnArticle(slug, userId);
  requireNotBlank(fields, ['title', 'description', 'body']);

  const changes = {};
  for (const key of ['title', 'description', 'body']) {
    if (fields[key] !== undefined) {
      changes[key] = fields[key];
    }
  }
  if (changes.title !== undefined && changes.title !== article.title) {
    changes.slug = await uniqueSlug(changes.title);
  }
  return present(await articleRepository.update(article, changes), userId);
}

async function deleteArticle(slug, userId) {
  await articleRepository.remove(await findOwnArticle(slug, userId));
}

async function favoriteArticle(slug, userId) {
  await userService.getById(userId);
  const article = await findArticle(slug);
  await articleRepository.addFavorite(article, userId);
  return present(article, userId);
}

async function unfavoriteArticle(slug, userId) {
  await userService.getById(userId);
  const article = await findArticle(slug);
  await articleRepository.removeFavorite(article, userId);
  return present(article, userId);
}

async function listTags() {
  return articleRepository.tagNames();
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

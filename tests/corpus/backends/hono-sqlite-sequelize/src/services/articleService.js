import * as articleRepository from '../repositories/articleRepository.js';
import { ForbiddenError, NotFoundError } from '../utils/errors.js';
import { slugify } from '../utils/slugify.js';
import { requireFields, requireNotBlank } from '../utils/validation.js';
import { presentArticle } from './presenters.js';
import * as profileService from './profileService.js';
import * as userService from './userService.js';

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

export async function findArticle(slug) {
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

export async function listArticles({ tag, author, favorited }, page, viewerId) {
  return presentPage(await articleRepository.search({ tag, author, favorited }, page), viewerId);
}

export async function getFeed(page, viewerId) {
  const viewer = await userService.getById(viewerId);
  return presentPage(await articleRepository.feed(viewer.id, page), viewerId);
}

export async function getArticle(slug, viewerId) {
  return present(await findArticle(slug), viewerId);
}

export async function createArticle(fields, userId) {
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

export async function updateArticle(slug, fields, userId) {
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

export async function deleteArticle(slug, userId) {
  await articleRepository.remove(await findOwnArticle(slug, userId));
}

export async function favoriteArticle(slug, userId) {
  await userService.getById(userId);
  const article = await findArticle(slug);
  await articleRepository.addFavorite(article, userId);
  return present(article, userId);
}

export async function unfavoriteArticle(slug, userId) {
  await userService.getById(userId);
  const article = await findArticle(slug);
  await articleRepository.removeFavorite(article, userId);
  return present(article, userId);
}

export async function listTags() {
  return articleRepository.tagNames();
}

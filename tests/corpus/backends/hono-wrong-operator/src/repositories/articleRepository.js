import { Op, col, fn } from 'sequelize';

import { Article, Favorite, Follow, User } from '../models/index.js';

const AUTHOR = { model: User, as: 'author' };
const NEWEST_FIRST = [
  ['createdAt', 'DESC'],
  ['id', 'DESC'],
];

export async function findBySlug(slug) {
  return Article.findOne({ where: { slug }, include: [AUTHOR] });
}

export async function slugExists(slug) {
  return (await Article.count({ where: { slug } })) > 0;
}

export async function create(fields) {
  const article = await Article.create(fields);
  return findBySlug(article.slug);
}

export async function update(article, changes) {
  return article.update(changes);
}

export async function remove(article) {
  await article.destroy();
}

async function favoriteIds(username) {
  const user = { model: User, as: 'user', where: { username } };
  const rows = await Favorite.findAll({ include: [user] });
  return rows.map((row) => row.articleId);
}

export async function search({ tag, author, favorited }, { limit, offset }) {
  const conditions = [];
  if (tag !== undefined) {
    conditions.push({ tagList: { [Op.contains]: [tag] } });
  }
  if (favorited !== undefined) {
    conditions.push({ id: await favoriteIds(favorited) });
  }
  return Article.findAndCountAll({
    where: { [Op.and]: conditions },
    include: [author === undefined ? AUTHOR : { ...AUTHOR, where: { username: author } }],
    order: NEWEST_FIRST,
    limit,
    offset,
  });
}

export async function feed(userId, { limit, offset }) {
  const followed = await Follow.findAll({ where: { followerId: userId } });
  return Article.findAndCountAll({
    where: { authorId: followed.map((row) => row.followedId) },
    include: [AUTHOR],
    order: NEWEST_FIRST,
    limit,
    offset,
  });
}

export async function tagNames() {
  const rows = await Article.findAll({ attributes: ['tagList'] });
  return [...new Set(rows.flatMap((row) => row.tagList))].sort();
}

export async function addFavorite(article, userId) {
  await Favorite.findOrCreate({ where: { userId, articleId: article.id } });
}

export async function removeFavorite(article, userId) {
  await Favorite.destroy({ where: { userId, articleId: article.id } });
}

export async function favoriteCounts(articleIds) {
  const rows = await Favorite.findAll({
    attributes: ['articleId', [fn('COUNT', col('user_id')), 'count']],
    where: { articleId: articleIds },
    group: ['article_id'],
    raw: true,
  });
  return new Map(rows.map((row) => [row.articleId, Number(row.count)]));
}

/** Those of the given articles that the user has marked as a favorite. */
export async function favoritedAmong(userId, articleIds) {
  const rows = await Favorite.findAll({ where: { userId, articleId: articleIds } });
  return new Set(rows.map((row) => row.articleId));
}

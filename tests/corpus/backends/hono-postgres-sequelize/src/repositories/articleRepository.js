import { Op, col, fn } from 'sequelize';

import { sequelize, Article, ArticleTag, Favorite, Follow, User } from '../models/index.js';

const AUTHOR = { model: User, as: 'author' };
const TAGS = { model: ArticleTag, as: 'tags', separate: true, order: [['position', 'ASC']] };
const NEWEST_FIRST = [
  ['createdAt', 'DESC'],
  ['id', 'DESC'],
];

export async function findBySlug(slug) {
  return Article.findOne({ where: { slug }, include: [AUTHOR, TAGS] });
}

export async function slugExists(slug) {
  return (await Article.count({ where: { slug } })) > 0;
}

export async function create(fields, tagList) {
  const article = await sequelize.transaction(async (transaction) => {
    const created = await Article.create(fields, { transaction });
    const tags = tagList.map((name, position) => ({ articleId: created.id, name, position }));
    await ArticleTag.bulkCreate(tags, { transaction });
    return created;
  });
  return findBySlug(article.slug);
}

export async function update(article, changes) {
  return article.update(changes);
}

export async function remove(article) {
  await article.destroy();
}

async function taggedIds(name) {
  const rows = await ArticleTag.findAll({ where: { name } });
  return rows.map((row) => row.articleId);
}

async function favoriteIds(username) {
  const user = { model: User, as: 'user', where: { username } };
  const rows = await Favorite.findAll({ include: [user] });
  return rows.map((row) => row.articleId);
}

export async function search({ tag, author, favorited }, { limit, offset }) {
  const conditions = [];
  if (tag !== undefined) {
    conditions.push({ id: await taggedIds(tag) });
  }
  if (favorited !== undefined) {
    conditions.push({ id: await favoriteIds(favorited) });
  }
  return Article.findAndCountAll({
    where: { [Op.and]: conditions },
    include: [author === undefined ? AUTHOR : { ...AUTHOR, where: { username: author } }, TAGS],
    order: NEWEST_FIRST,
    limit,
    offset,
  });
}

export async function feed(userId, { limit, offset }) {
  const followed = await Follow.findAll({ where: { followerId: userId } });
  return Article.findAndCountAll({
    where: { authorId: followed.map((row) => row.followedId) },
    include: [AUTHOR, TAGS],
    order: NEWEST_FIRST,
    limit,
    offset,
  });
}

export async function tagNames() {
  const rows = await ArticleTag.findAll({
    attributes: ['name'],
    group: ['name'],
    order: [['name', 'ASC']],
  });
  return rows.map((row) => row.name);
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

import { Comment, User } from '../models/index.js';

const AUTHOR = { model: User, as: 'author' };

export async function create(fields) {
  const comment = await Comment.create(fields);
  return comment.reload({ include: [AUTHOR] });
}

export async function findByArticle(articleId) {
  return Comment.findAll({ where: { articleId }, include: [AUTHOR], order: [['id', 'DESC']] });
}

export async function findInArticle(id, articleId) {
  return Comment.findOne({ where: { id, articleId } });
}

export async function remove(comment) {
  await comment.destroy();
}

import * as commentRepository from '../repositories/commentRepository.js';
import { ForbiddenError, NotFoundError } from '../utils/errors.js';
import { requireFields } from '../utils/validation.js';
import * as articleService from './articleService.js';
import { presentComment } from './presenters.js';
import * as profileService from './profileService.js';
import * as userService from './userService.js';

async function presentAll(comments, viewerId) {
  const authors = comments.map((comment) => comment.author);
  const followedIds = await profileService.followedAmong(viewerId, authors);
  return comments.map((comment) => presentComment(comment, followedIds));
}

export async function listComments(slug, viewerId) {
  const article = await articleService.findArticle(slug);
  return presentAll(await commentRepository.findByArticle(article.id), viewerId);
}

export async function addComment(slug, fields, userId) {
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

export async function deleteComment(slug, commentId, userId) {
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

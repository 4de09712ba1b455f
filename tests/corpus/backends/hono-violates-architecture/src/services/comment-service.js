import { forbidden, notFound, unauthorized } from '../lib/errors.js';
import { assertPresent } from '../lib/validate.js';
import { commentView } from './presenters.js';

export class CommentService {
  constructor(comments, articles, users) {
    this.comments = comments;
    this.articles = articles;
    this.users = users;
  }

  list(slug, viewerId) {
    const viewer = this.users.findById(viewerId);
    const found = this.comments.findByArticle(this.#article(slug));
    return found.map((comment) => this.#view(comment, viewer));
  }

  add(slug, fields, userId) {
    const author = this.#user(userId);
    const article = this.#article(slug);
    assertPresent(fields, ['body']);
    const comment = this.comments.create({
      body: fields.body,
      articleId: article.id,
      authorId: author.id,
    });
    return this.#view(comment, author);
  }

  delete(slug, commentId, userId) {
    const user = this.#user(userId);
    const article = this.#article(slug);
    const comment = this.comments.findById(commentId);
    if (comment === null || comment.articleId !== article.id) {
      throw notFound('comment');
    }
    if (comment.authorId !== user.id) {
      throw forbidden('you are not the author of this comment');
    }
    this.comments.delete(comment);
  }

  #view(comment, viewer) {
    return commentView(comment, this.users.findById(comment.authorId), viewer);
  }

  #user(userId) {
    const user = this.users.findById(userId);
    if (user === null) {
      throw unauthorized('unknown user');
    }
    return user;
  }

  #article(slug) {
    const article = this.articles.findBySlug(slug);
    if (article === null) {
      throw notFound('article');
    }
    return article;
  }
}

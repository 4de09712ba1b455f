import { Comment } from '../models/comment.js';

export class CommentRepository {
  #comments = new Map();
  #lastId = 0;

  create(fields) {
    this.#lastId += 1;
    const comment = new Comment({ id: this.#lastId, ...fields });
    this.#comments.set(comment.id, comment);
    return comment;
  }

  findById(id) {
    return this.#comments.get(id) ?? null;
  }

  findByArticle(article) {
    return [...this.#comments.values()].filter((comment) => comment.articleId === article.id);
  }

  delete(comment) {
    this.#comments.delete(comment.id);
  }

  deleteByArticle(article) {
    for (const comment of this.findByArticle(article)) {
      this.delete(comment);
    }
  }
}

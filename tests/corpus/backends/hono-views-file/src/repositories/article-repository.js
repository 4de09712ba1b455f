import { Article } from '../models/article.js';

export class ArticleRepository {
  /** Newest first. */
  #articles = [];
  #lastId = 0;

  create(fields) {
    this.#lastId += 1;
    const article = new Article({ id: this.#lastId, ...fields });
    this.#articles.unshift(article);
    return article;
  }

  findBySlug(slug) {
    return this.#articles.find((article) => article.slug === slug) ?? null;
  }

  find(predicates, { limit, offset }) {
    const found = this.#articles.filter((article) => predicates.every((test) => test(article)));
    return { items: found.slice(offset, offset + limit), total: found.length };
  }

  delete(article) {
    this.#articles = this.#articles.filter((item) => item.id !== article.id);
  }

  tags() {
    return [...new Set(this.#articles.flatMap((article) => article.tagList))];
  }
}

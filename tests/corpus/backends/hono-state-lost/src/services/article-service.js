import { forbidden, notFound, unauthorized } from '../lib/errors.js';
import { slugify } from '../lib/slug.js';
import { assertNotBlank, assertPresent } from '../lib/validate.js';
import { Article } from '../models/article.js';
import { articleView } from './presenters.js';

const EDITABLE = ['title', 'description', 'body'];

export class ArticleService {
  constructor(articles, comments, users) {
    this.articles = articles;
    this.comments = comments;
    this.users = users;
  }

  list({ tag, author, favorited }, page, viewerId) {
    const predicates = [];
    if (tag !== undefined) {
      predicates.push((article) => article.tagList.includes(tag));
    }
    if (author !== undefined) {
      const user = this.users.findByUsername(author);
      predicates.push((article) => user !== null && article.authorId === user.id);
    }
    if (favorited !== undefined) {
      const user = this.users.findByUsername(favorited);
      predicates.push((article) => article.isFavoritedBy(user));
    }
    return this.#page(predicates, page, this.users.findById(viewerId));
  }

  feed(page, viewerId) {
    const viewer = this.#user(viewerId);
    const followed = (article) => viewer.followingIds.has(article.authorId);
    return this.#page([followed], page, viewer);
  }

  get(slug, viewerId) {
    return this.#view(this.#find(slug), this.users.findById(viewerId));
  }

  create(fields, userId) {
    const author = this.#user(userId);
    assertPresent(fields, EDITABLE);
    const article = new Article({
      title: fields.title,
      description: fields.description,
      body: fields.body,
      tagList: fields.tagList ?? [],
      authorId: author.id,
    });
    this.articles.save(article, this.#uniqueSlug(article.title));
    return this.#view(article, author);
  }

  update(slug, fields, userId) {
    const viewer = this.#user(userId);
    const article = this.#findOwn(slug, viewer);
    assertNotBlank(fields, EDITABLE);

    const changes = {};
    for (const key of EDITABLE) {
      if (fields[key] !== undefined) {
        changes[key] = fields[key];
      }
    }
    if (changes.title !== undefined && changes.title !== article.title) {
      changes.slug = this.#uniqueSlug(changes.title);
    }
    article.edit(changes);
    return this.#view(article, viewer);
  }

  delete(slug, userId) {
    const article = this.#findOwn(slug, this.#user(userId));
    this.comments.deleteByArticle(article);
    this.articles.delete(article);
  }

  favorite(slug, userId) {
    const user = this.#user(userId);
    const article = this.#find(slug);
    article.favorite(user);
    return this.#view(article, user);
  }

  unfavorite(slug, userId) {
    const user = this.#user(userId);
    const article = this.#find(slug);
    article.unfavorite(user);
    return this.#view(article, user);
  }

  tags() {
    return this.articles.tags();
  }

  #page(predicates, page, viewer) {
    const { items, total } = this.articles.find(predicates, page);
    return {
      articles: items.map((article) => this.#view(article, viewer)),
      articlesCount: total,
    };
  }

  #view(article, viewer) {
    return articleView(article, this.users.findById(article.authorId), viewer);
  }

  #user(userId) {
    const user = this.users.findById(userId);
    if (user === null) {
      throw unauthorized('unknown user');
    }
    return user;
  }

  #find(slug) {
    const article = this.articles.findBySlug(slug);
    if (article === null) {
      throw notFound('article');
    }
    return article;
  }

  #findOwn(slug, user) {
    const article = this.#find(slug);
    if (article.authorId !== user.id) {
      throw forbidden('you are not the author of this article');
    }
    return article;
  }

  #uniqueSlug(title) {
    const base = slugify(title);
    let slug = base;
    for (let suffix = 2; this.articles.findBySlug(slug) !== null; suffix += 1) {
      slug = `${base}-${suffix}`;
    }
    return slug;
  }
}

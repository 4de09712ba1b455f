'use strict';

const fp = require('fastify-plugin');

/** In-memory storage. Users, articles and comments are plain objects. */
class Store {
  constructor() {
    this.users = [];
    this.articles = [];
    this.comments = [];
    this.sequence = { user: 0, article: 0, comment: 0 };
  }

  nextId(kind) {
    this.sequence[kind] += 1;
    return this.sequence[kind];
  }

  // Users

  addUser({ username, email, password }) {
    const user = {
      id: this.nextId('user'),
      username,
      email,
      password,
      bio: null,
      image: null,
      following: new Set(),
    };
    this.users.push(user);
    return user;
  }

  findUserById(id) {
    return this.users.find((user) => user.id === id) || null;
  }

  findUserByEmail(email) {
    return this.users.find((user) => user.email === email) || null;
  }

  findUserByUsername(username) {
    return this.users.find((user) => user.username === username) || null;
  }

  // Articles

  addArticle({ title, description, body, tagList }, author) {
    const now = new Date().toISOString();
    const article = {
      id: this.nextId('article'),
      slug: this.uniqueSlug(title),
      title,
      description,
      body,
      tagList,
      authorId: author.id,
      createdAt: now,
      updatedAt: now,
      favoritedBy: new Set(),
    };
    this.articles.unshift(article);
    return article;
  }

  updateArticle(article, { title, description, body }) {
    if (title !== undefined && title !== article.title) {
      article.slug = this.uniqueSlug(title);
      article.title = title;
    }
    if (description !== undefined) {
      article.description = description;
    }
    if (body !== undefined) {
      article.body = body;
    }
    article.updatedAt = new Date().toISOString();
    return article;
  }

  findArticle(slug) {
    return this.articles.find((article) => article.slug === slug) || null;
  }

  removeArticle(article) {
    this.articles = this.articles.filter((item) => item !== article);
    this.comments = this.comments.filter((item) => item.articleId !== article.id);
  }

  uniqueSlug(title) {
    const base =
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, '-')
        .replace(/^-|-$/g, '') || 'article';
    let slug = base;
    for (let n = 1; this.findArticle(slug); n += 1) {
      slug = `${base}-${n}`;
    }
    return slug;
  }

  tags() {
    return [...new Set(this.articles.flatMap((article) => article.tagList))];
  }

  // Comments

  addComment(article, author, body) {
    const now = new Date().toISOString();
    const comment = {
      id: this.nextId('comment'),
      articleId: article.id,
      authorId: author.id,
      body,
      createdAt: now,
      updatedAt: now,
    };
    this.comments.push(comment);
    return comment;
  }

  findComment(article, id) {
    return this.comments.find((item) => item.id === id && item.articleId === article.id) || null;
  }

  commentsOf(article) {
    return this.comments.filter((comment) => comment.articleId === article.id);
  }

  removeComment(comment) {
    this.comments = this.comments.filter((item) => item !== comment);
  }
}

async function storePlugin(app) {
  app.decorate('store', new Store());
}

module.exports = fp(storePlugin, { name: 'store' });

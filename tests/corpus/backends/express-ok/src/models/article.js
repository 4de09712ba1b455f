'use strict';

class Article {
  constructor({ id, slug, title, description, body, tagList, authorId }) {
    const now = new Date();
    this.id = id;
    this.slug = slug;
    this.title = title;
    this.description = description;
    this.body = body;
    this.tagList = tagList;
    this.authorId = authorId;
    this.createdAt = now;
    this.updatedAt = now;
    this.favoritedBy = new Set();
  }

  toJSON(author, viewer) {
    return {
      slug: this.slug,
      title: this.title,
      description: this.description,
      body: this.body,
      tagList: this.tagList,
      createdAt: this.createdAt.toISOString(),
      updatedAt: this.updatedAt.toISOString(),
      favorited: viewer ? this.favoritedBy.has(viewer.id) : false,
      favoritesCount: this.favoritedBy.size,
      author: author.toProfileJSON(viewer),
    };
  }
}

module.exports = { Article };

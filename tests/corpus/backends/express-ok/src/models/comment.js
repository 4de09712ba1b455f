'use strict';

class Comment {
  constructor({ id, body, authorId, articleId }) {
    const now = new Date();
    this.id = id;
    this.body = body;
    this.authorId = authorId;
    this.articleId = articleId;
    this.createdAt = now;
    this.updatedAt = now;
  }

  toJSON(author, viewer) {
    return {
      id: this.id,
      createdAt: this.createdAt.toISOString(),
      updatedAt: this.updatedAt.toISOString(),
      body: this.body,
      author: author.toProfileJSON(viewer),
    };
  }
}

module.exports = { Comment };

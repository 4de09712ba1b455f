export class Comment {
  constructor({ id, body, articleId, authorId }) {
    this.id = id;
    this.body = body;
    this.articleId = articleId;
    this.authorId = authorId;
    this.createdAt = new Date();
    this.updatedAt = this.createdAt;
  }
}

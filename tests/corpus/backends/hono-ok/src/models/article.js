export class Article {
  #favoritedBy = new Set();

  constructor({ id, slug, title, description, body, tagList, authorId }) {
    this.id = id;
    this.slug = slug;
    this.title = title;
    this.description = description;
    this.body = body;
    this.tagList = tagList;
    this.authorId = authorId;
    this.createdAt = new Date();
    this.updatedAt = this.createdAt;
  }

  get favoritesCount() {
    return this.#favoritedBy.size;
  }

  isFavoritedBy(user) {
    return user !== null && this.#favoritedBy.has(user.id);
  }

  favorite(user) {
    this.#favoritedBy.add(user.id);
  }

  unfavorite(user) {
    this.#favoritedBy.delete(user.id);
  }

  edit(changes) {
    Object.assign(this, changes);
    this.updatedAt = new Date();
  }
}

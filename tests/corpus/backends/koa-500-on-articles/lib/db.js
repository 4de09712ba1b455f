// In-memory database. Articles are keyed by slug, because that is how the API
// looks them up.
const db = {
  users: [],
  articles: new Map(),
  comments: [],
  counters: { users: 0, articles: 0, comments: 0 },

  insert(table, record) {
    this.counters[table] += 1;
    const now = new Date().toISOString();
    const row = { id: this.counters[table], ...record, createdAt: now, updatedAt: now };
    if (table === 'articles') {
      this.articles.set(row.slug, row);
    } else {
      this[table].push(row);
    }
    return row;
  },

  delete(table, predicate) {
    if (table === 'articles') {
      for (const [slug, row] of this.articles) {
        if (predicate(row)) {
          this.articles.delete(slug);
        }
      }
    } else {
      this[table] = this[table].filter((row) => !predicate(row));
    }
  },
};

module.exports = db;

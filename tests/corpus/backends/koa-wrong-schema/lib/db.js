// Everything lives in memory and is gone when the process ends.
const db = {
  users: [],
  articles: [],
  comments: [],
  counters: { users: 0, articles: 0, comments: 0 },

  insert(table, record) {
    this.counters[table] += 1;
    const now = new Date().toISOString();
    const row = { id: this.counters[table], ...record, createdAt: now, updatedAt: now };
    this[table].push(row);
    return row;
  },

  delete(table, predicate) {
    this[table] = this[table].filter((row) => !predicate(row));
  },
};

module.exports = db;

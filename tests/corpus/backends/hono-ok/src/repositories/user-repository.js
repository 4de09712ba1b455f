import { User } from '../models/user.js';

export class UserRepository {
  #users = new Map();
  #lastId = 0;

  create(fields) {
    this.#lastId += 1;
    const user = new User({ id: this.#lastId, ...fields });
    this.#users.set(user.id, user);
    return user;
  }

  findById(id) {
    return this.#users.get(id) ?? null;
  }

  findByEmail(email) {
    return this.#find((user) => user.email === email);
  }

  findByUsername(username) {
    return this.#find((user) => user.username === username);
  }

  #find(predicate) {
    for (const user of this.#users.values()) {
      if (predicate(user)) {
        return user;
      }
    }
    return null;
  }
}

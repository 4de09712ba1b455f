export class User {
  bio = null;
  image = null;
  #following = new Set();

  constructor({ id, username, email, passwordHash }) {
    this.id = id;
    this.username = username;
    this.email = email;
    this.passwordHash = passwordHash;
  }

  get followingIds() {
    return this.#following;
  }

  follow(user) {
    this.#following.add(user.id);
  }

  unfollow(user) {
    this.#following.delete(user.id);
  }

  follows(user) {
    return this.#following.has(user.id);
  }
}

'use strict';

class User {
  constructor({ id, email, username, passwordHash, bio = '', image = '' }) {
    this.id = id;
    this.email = email;
    this.username = username;
    this.passwordHash = passwordHash;
    this.bio = bio;
    this.image = image;
    this.following = new Set();
  }

  isFollowing(userId) {
    return this.following.has(userId);
  }

  toAuthJSON(token) {
    return {
      email: this.email,
      token,
      username: this.username,
      bio: this.bio,
      image: this.image,
    };
  }

  toProfileJSON(viewer) {
    return {
      username: this.username,
      bio: this.bio,
      image: this.image,
      following: viewer ? viewer.isFollowing(this.id) : false,
    };
  }
}

module.exports = { User };

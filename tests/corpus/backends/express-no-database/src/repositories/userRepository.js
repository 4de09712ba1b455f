'use strict';

const { User } = require('../models/user');

// TODO: move to the database file; kept in memory for now, the interface stays the same.
const users = new Map();
let nextId = 1;

function create(fields) {
  const user = new User({ id: nextId++, ...fields });
  users.set(user.id, user);
  return user;
}

function findById(id) {
  return users.get(id) || null;
}

function findByEmail(email) {
  return [...users.values()].find((user) => user.email === email) || null;
}

function findByUsername(username) {
  return [...users.values()].find((user) => user.username === username) || null;
}

function update(user, changes) {
  Object.assign(user, changes);
  return user;
}

function follow(follower, target) {
  follower.following.add(target.id);
}

function unfollow(follower, target) {
  follower.following.delete(target.id);
}

module.exports = {
  create,
  findById,
  findByEmail,
  findByUsername,
  update,
  follow,
  unfollow,
};

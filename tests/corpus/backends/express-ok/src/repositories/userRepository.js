'use strict';

const { User } = require('../models/user');

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

'use strict';

const { Follow, User } = require('../models');

async function create(fields) {
  return User.create(fields);
}

async function findById(id) {
  return User.findByPk(id);
}

async function findByEmail(email) {
  return User.findOne({ where: { email } });
}

async function findByUsername(username) {
  return User.findOne({ where: { username } });
}

async function update(user, changes) {
  return user.update(changes);
}

async function follow(follower, followed) {
  await Follow.findOrCreate({ where: { followerId: follower.id, followedId: followed.id } });
}

async function unfollow(follower, followed) {
  await Follow.destroy({ where: { followerId: follower.id, followedId: followed.id } });
}

/** Those of the given users that `followerId` follows. */
async function followedAmong(followerId, userIds) {
  const rows = await Follow.findAll({ where: { followerId, followedId: userIds } });
  return new Set(rows.map((row) => row.followedId));
}

module.exports = {
  create,
  findById,
  findByEmail,
  findByUsername,
  update,
  follow,
  unfollow,
  followedAmong,
};

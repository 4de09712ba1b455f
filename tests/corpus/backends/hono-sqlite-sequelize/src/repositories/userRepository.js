import { Follow, User } from '../models/index.js';

export async function create(fields) {
  return User.create(fields);
}

export async function findById(id) {
  return User.findByPk(id);
}

export async function findByEmail(email) {
  return User.findOne({ where: { email } });
}

export async function findByUsername(username) {
  return User.findOne({ where: { username } });
}

export async function update(user, changes) {
  return user.update(changes);
}

export async function follow(follower, followed) {
  await Follow.findOrCreate({ where: { followerId: follower.id, followedId: followed.id } });
}

export async function unfollow(follower, followed) {
  await Follow.destroy({ where: { followerId: follower.id, followedId: followed.id } });
}

/** Those of the given users that `followerId` follows. */
export async function followedAmong(followerId, userIds) {
  const rows = await Follow.findAll({ where: { followerId, followedId: userIds } });
  return new Set(rows.map((row) => row.followedId));
}

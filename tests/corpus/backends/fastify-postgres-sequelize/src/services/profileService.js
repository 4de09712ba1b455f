'use strict';

const userRepository = require('../repositories/userRepository');
const { NotFoundError } = require('../utils/errors');
const { presentProfile } = require('./presenters');
const userService = require('./userService');

async function findProfile(username) {
  const profile = await userRepository.findByUsername(username);
  if (!profile) {
    throw new NotFoundError('profile not found');
  }
  return profile;
}

/** Those of the given users that the viewer follows: none for a visitor. */
async function followedAmong(viewerId, users) {
  if (!viewerId || users.length === 0) {
    return new Set();
  }
  return userRepository.followedAmong(viewerId, [...new Set(users.map((user) => user.id))]);
}

async function present(profile, viewerId) {
  return presentProfile(profile, await followedAmong(viewerId, [profile]));
}

async function getProfile(username, viewerId) {
  return present(await findProfile(username), viewerId);
}

async function followUser(username, viewerId) {
  const viewer = await userService.getById(viewerId);
  const profile = await findProfile(username);
  await userRepository.follow(viewer, profile);
  return present(profile, viewerId);
}

async function unfollowUser(username, viewerId) {
  const viewer = await userService.getById(viewerId);
  const profile = await findProfile(username);
  await userRepository.unfollow(viewer, profile);
  return present(profile, viewerId);
}

module.exports = { followedAmong, getProfile, followUser, unfollowUser };

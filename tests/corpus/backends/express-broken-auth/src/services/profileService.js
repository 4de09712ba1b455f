'use strict';

const userRepository = require('../repositories/userRepository');
const userService = require('./userService');
const { NotFoundError } = require('../utils/errors');

function findProfile(username) {
  const profile = userRepository.findByUsername(username);
  if (!profile) {
    throw new NotFoundError('profile not found');
  }
  return profile;
}

function getProfile(username, viewerId) {
  const viewer = viewerId ? userRepository.findById(viewerId) : null;
  return findProfile(username).toProfileJSON(viewer);
}

function followUser(username, viewerId) {
  const viewer = userService.getById(viewerId);
  const profile = findProfile(username);
  userRepository.follow(viewer, profile);
  return profile.toProfileJSON(viewer);
}

function unfollowUser(username, viewerId) {
  const viewer = userService.getById(viewerId);
  const profile = findProfile(username);
  userRepository.unfollow(viewer, profile);
  return profile.toProfileJSON(viewer);
}

module.exports = { getProfile, followUser, unfollowUser };

'use strict';

const profileService = require('../services/profileService');

module.exports = async function profileRoutes(app) {
  app.get('/:username', { onRequest: app.identify }, async (request) => ({
    profile: await profileService.getProfile(request.params.username, request.userId),
  }));

  app.post('/:username/follow', { onRequest: app.authenticate }, async (request) => ({
    profile: await profileService.followUser(request.params.username, request.userId),
  }));

  app.delete('/:username/follow', { onRequest: app.authenticate }, async (request) => ({
    profile: await profileService.unfollowUser(request.params.username, request.userId),
  }));
};

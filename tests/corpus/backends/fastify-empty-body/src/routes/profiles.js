'use strict';

const { notFound } = require('../errors');
const serialize = require('../serializers');

module.exports = async function profileRoutes(app) {
  function findProfile(request) {
    const user = app.store.findUserByUsername(request.params.username);
    if (!user) {
      throw notFound('profile not found');
    }
    return user;
  }

  app.get('/:username', { onRequest: app.identify }, async (request) => ({
    profile: serialize.profile(findProfile(request), request.user),
  }));

  app.post('/:username/follow', { onRequest: app.authenticate }, async (request) => {
    const target = findProfile(request);
    request.user.following.add(target.id);
    return { profile: serialize.profile(target, request.user) };
  });

  app.delete('/:username/follow', { onRequest: app.authenticate }, async (request) => {
    const target = findProfile(request);
    request.user.following.delete(target.id);
    return { profile: serialize.profile(target, request.user) };
  });
};

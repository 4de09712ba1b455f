'use strict';

const userService = require('../services/userService');
const schemas = require('./schemas');

module.exports = async function userRoutes(app) {
  app.post('/users', { schema: schemas.register }, async (request, reply) => {
    reply.code(201);
    return { user: await userService.register(request.body.user) };
  });

  app.post('/users/login', { schema: schemas.login }, async (request) => ({
    user: await userService.login(request.body.user),
  }));

  app.get('/user', { onRequest: app.authenticate }, async (request) => ({
    user: await userService.getCurrent(request.userId),
  }));

  app.put(
    '/user',
    { schema: schemas.updateUser, onRequest: app.authenticate },
    async (request) => ({
      user: await userService.updateCurrent(request.userId, request.body.user),
    })
  );
};

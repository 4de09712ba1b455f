'use strict';

const fp = require('fastify-plugin');

const { unauthorized } = require('./errors');
const jwt = require('./jwt');

const HEADER = /^Token\s+(\S+)$/;

/**
 * Decorates the instance with two onRequest hooks: `authenticate` rejects
 * anonymous requests, `identify` lets them pass with `request.user` = null.
 */
async function authPlugin(app) {
  app.decorateRequest('user', null);

  function currentUser(request) {
    const match = HEADER.exec(request.headers.authorization || '');
    const claims = match && jwt.verify(match[1]);
    return claims ? app.store.findUserById(claims.sub) : null;
  }

  app.decorate('identify', async (request) => {
    request.user = currentUser(request);
  });

  app.decorate('authenticate', async (request) => {
    request.user = currentUser(request);
    if (!request.user) {
      throw unauthorized();
    }
  });
}

module.exports = fp(authPlugin, { name: 'auth', dependencies: ['store'] });

'use strict';

const fp = require('fastify-plugin');

const { UnauthorizedError } = require('../utils/errors');
const { verifyToken } = require('../utils/token');

const HEADER = /^Token\s+(\S+)$/;

/**
 * Decorates the instance with two onRequest hooks: `authenticate` rejects
 * anonymous requests, `identify` lets them pass with `request.userId` = null.
 */
async function authPlugin(app) {
  app.decorateRequest('userId', null);

  function readUserId(request) {
    const match = HEADER.exec(request.headers.authorization || '');
    const claims = match && verifyToken(match[1]);
    return claims ? claims.id : null;
  }

  app.decorate('identify', async (request) => {
    request.userId = readUserId(request);
  });

  app.decorate('authenticate', async (request) => {
    request.userId = readUserId(request);
    if (request.userId === null) {
      throw new UnauthorizedError('authentication required');
    }
  });
}

module.exports = fp(authPlugin, { name: 'auth' });

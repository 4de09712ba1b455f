'use strict';

const { UnauthorizedError } = require('../utils/errors');
const { verifyToken } = require('../utils/token');

function readUserId(ctx) {
  const match = ctx.get('Authorization').match(/^Token (.+)$/);
  const claims = match ? verifyToken(match[1].trim()) : null;
  return claims ? claims.id : null;
}

async function optional(ctx, next) {
  ctx.state.userId = readUserId(ctx);
  await next();
}

async function required(ctx, next) {
  ctx.state.userId = readUserId(ctx);
  if (ctx.state.userId === null) {
    throw new UnauthorizedError('unauthorized');
  }
  await next();
}

module.exports = { optional, required };

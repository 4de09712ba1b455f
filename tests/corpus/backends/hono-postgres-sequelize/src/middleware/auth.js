import { createMiddleware } from 'hono/factory';

import { UnauthorizedError } from '../utils/errors.js';
import { verifyToken } from '../utils/token.js';

const PREFIX = 'Token ';

function readUserId(c) {
  const header = c.req.header('Authorization') ?? '';
  if (!header.startsWith(PREFIX)) {
    return null;
  }
  return verifyToken(header.slice(PREFIX.length).trim())?.id ?? null;
}

export const optionalAuth = createMiddleware(async (c, next) => {
  c.set('userId', readUserId(c));
  await next();
});

export const requireAuth = createMiddleware(async (c, next) => {
  const userId = readUserId(c);
  if (userId === null) {
    throw new UnauthorizedError('a valid token is required');
  }
  c.set('userId', userId);
  await next();
});

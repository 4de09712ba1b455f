import { createMiddleware } from 'hono/factory';

import { unauthorized } from '../lib/errors.js';
import { verifyToken } from '../lib/jwt.js';

const PREFIX = 'Token ';

function readUserId(c) {
  const header = c.req.header('Authorization') ?? '';
  if (!header.startsWith(PREFIX)) {
    return null;
  }
  return verifyToken(header.slice(PREFIX.length).trim())?.sub ?? null;
}

export const optionalAuth = createMiddleware(async (c, next) => {
  c.set('userId', readUserId(c));
  await next();
});

export const requireAuth = createMiddleware(async (c, next) => {
  const userId = readUserId(c);
  if (userId === null) {
    throw unauthorized('a valid token is required');
  }
  c.set('userId', userId);
  await next();
});

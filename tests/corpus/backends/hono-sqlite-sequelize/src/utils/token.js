import { createHmac, timingSafeEqual } from 'node:crypto';

import * as config from '../config/index.js';

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function digest(text) {
  return createHmac('sha256', config.jwtSecret).update(text).digest();
}

export function signToken(user) {
  const exp = Math.floor(Date.now() / 1000) + config.jwtLifetime;
  const data = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ id: user.id, exp })}`;
  return `${data}.${digest(data).toString('base64url')}`;
}

/** The claims of a valid token, null for anything else. */
export function verifyToken(token) {
  const [header, payload, signature] = token.split('.');
  if (!header || !payload || !signature) {
    return null;
  }
  const given = Buffer.from(signature, 'base64url');
  const wanted = digest(`${header}.${payload}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return null;
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return claims.exp > Date.now() / 1000 ? claims : null;
}

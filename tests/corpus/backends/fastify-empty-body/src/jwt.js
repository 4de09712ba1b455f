'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');

const SECRET = process.env.JWT_SECRET || 'change-me-in-production';
const LIFETIME_SECONDS = 60 * 60 * 24 * 30;

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signature(data) {
  return createHmac('sha256', SECRET).update(data).digest('base64url');
}

function sign(claims) {
  const now = Math.floor(Date.now() / 1000);
  const header = encode({ alg: 'HS256', typ: 'JWT' });
  const payload = encode({ ...claims, iat: now, exp: now + LIFETIME_SECONDS });
  return `${header}.${payload}.${signature(`${header}.${payload}`)}`;
}

/** Returns the claims of a valid token and null for anything else. */
function verify(token) {
  const parts = String(token).split('.');
  if (parts.length !== 3) {
    return null;
  }
  const expected = Buffer.from(signature(`${parts[0]}.${parts[1]}`));
  const actual = Buffer.from(parts[2]);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    return null;
  }
  const claims = JSON.parse(Buffer.from(parts[1], 'base64url').toString());
  return claims.exp > Date.now() / 1000 ? claims : null;
}

module.exports = { sign, verify };

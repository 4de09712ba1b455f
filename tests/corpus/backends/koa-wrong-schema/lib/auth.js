const crypto = require('crypto');

const db = require('./db');

const SECRET = process.env.SECRET || 'koa-realworld';
const DAY = 24 * 60 * 60;

function hmac(text) {
  return crypto.createHmac('sha256', SECRET).update(text).digest('base64url');
}

function encode(object) {
  return Buffer.from(JSON.stringify(object)).toString('base64url');
}

function createToken(user) {
  const header = encode({ alg: 'HS256', typ: 'JWT' });
  const payload = encode({ id: user.id, exp: Math.floor(Date.now() / 1000) + 60 * DAY });
  return `${header}.${payload}.${hmac(`${header}.${payload}`)}`;
}

function userOfToken(token) {
  const [header, payload, signature] = token.split('.');
  if (!signature || hmac(`${header}.${payload}`) !== signature) {
    return null;
  }
  const { id, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (exp < Date.now() / 1000) {
    return null;
  }
  return db.users.find((user) => user.id === id) || null;
}

function authenticate(ctx) {
  const match = ctx.get('Authorization').match(/^Token (.+)$/);
  return match ? userOfToken(match[1]) : null;
}

async function optional(ctx, next) {
  ctx.state.user = authenticate(ctx);
  await next();
}

async function required(ctx, next) {
  ctx.state.user = authenticate(ctx);
  ctx.assert(ctx.state.user, 401, 'unauthorized');
  await next();
}

module.exports = { createToken, optional, required };

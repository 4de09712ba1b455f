import { createHmac, timingSafeEqual } from 'node:crypto';

const SECRET = process.env.JWT_SECRET ?? 'hono-conduit-secret';
const TTL_SECONDS = 7 * 24 * 60 * 60;

const toBase64Url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const fromBase64Url = (text) => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
const digest = (data) => createHmac('sha256', SECRET).update(data).digest();

export function signToken(claims) {
  const exp = Math.floor(Date.now() / 1000) + TTL_SECONDS;
  const data = `${toBase64Url({ alg: 'HS256', typ: 'JWT' })}.${toBase64Url({ ...claims, exp })}`;
  return `${data}.${digest(data).toString('base64url')}`;
}

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
  const claims = fromBase64Url(payload);
  return claims.exp * 1000 > Date.now() ? claims : null;
}

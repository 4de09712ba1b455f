import { pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

const derive = (password, salt) => pbkdf2Sync(password, salt, 1000, 32, 'sha256');

export function hashPassword(password) {
  const salt = randomBytes(16);
  return `${salt.toString('base64')}$${derive(password, salt).toString('base64')}`;
}

export function checkPassword(password, stored) {
  const [salt, key] = stored.split('$').map((part) => Buffer.from(part, 'base64'));
  return timingSafeEqual(derive(password, salt), key);
}

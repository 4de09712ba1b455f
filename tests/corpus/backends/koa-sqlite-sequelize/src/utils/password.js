'use strict';

const crypto = require('crypto');

const ITERATIONS = 1000;
const KEY_LENGTH = 32;

function derive(password, salt) {
  return crypto.pbkdf2Sync(password, salt, ITERATIONS, KEY_LENGTH, 'sha256');
}

function hashPassword(password) {
  const salt = crypto.randomBytes(16);
  return `${salt.toString('hex')}:${derive(password, salt).toString('hex')}`;
}

function verifyPassword(password, stored) {
  const [salt, hash] = stored.split(':').map((part) => Buffer.from(part, 'hex'));
  return crypto.timingSafeEqual(derive(password, salt), hash);
}

module.exports = { hashPassword, verifyPassword };

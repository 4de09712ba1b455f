'use strict';

const { randomBytes, scryptSync, timingSafeEqual } = require('node:crypto');

const OPTIONS = { N: 1024, r: 8, p: 1 };

function hash(password) {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, OPTIONS);
  return { salt, key };
}

function matches(password, { salt, key }) {
  return timingSafeEqual(scryptSync(password, salt, 32, OPTIONS), key);
}

module.exports = { hash, matches };

'use strict';

const userRepository = require('../repositories/userRepository');
const { UnauthorizedError, ValidationError } = require('../utils/errors');
const { hashPassword, verifyPassword } = require('../utils/password');
const { signToken } = require('../utils/token');
const { requireFields, requireNotBlank } = require('../utils/validation');
const { presentUser } = require('./presenters');

function present(user) {
  return presentUser(user, signToken(user));
}

async function assertUnique({ email, username }, currentUserId = null) {
  const errors = [];
  const byEmail = email ? await userRepository.findByEmail(email) : null;
  if (byEmail && byEmail.id !== currentUserId) {
    errors.push('email has already been taken');
  }
  const byUsername = username ? await userRepository.findByUsername(username) : null;
  if (byUsername && byUsername.id !== currentUserId) {
    errors.push('username has already been taken');
  }
  if (errors.length > 0) {
    throw new ValidationError(errors);
  }
}

async function getById(userId) {
  const user = await userRepository.findById(userId);
  if (!user) {
    throw new UnauthorizedError('user no longer exists');
  }
  return user;
}

async function register(fields) {
  requireFields(fields, ['username', 'email', 'password']);
  const { username, email, password } = fields;
  await assertUnique({ email, username });
  const passwordHash = hashPassword(password);
  return present(await userRepository.create({ username, email, passwordHash }));
}

async function login(fields) {
  requireFields(fields, ['email', 'password']);
  const user = await userRepository.findByEmail(fields.email);
  if (!user || !verifyPassword(fields.password, user.passwordHash)) {
    throw new UnauthorizedError('email or password is invalid');
  }
  return present(user);
}

async function getCurrent(userId) {
  return present(await getById(userId));
}

async function updateCurrent(userId, fields) {
  const user = await getById(userId);
  requireNotBlank(fields, ['username', 'email', 'password']);
  await assertUnique(fields, user.id);

  const changes = {};
  for (const key of ['email', 'username', 'bio', 'image']) {
    if (fields[key] !== undefined) {
      changes[key] = fields[key];
    }
  }
  if (fields.password !== undefined) {
    changes.passwordHash = hashPassword(fields.password);
  }
  return present(await userRepository.update(user, changes));
}

module.exports = { getById, register, login, getCurrent, updateCurrent };

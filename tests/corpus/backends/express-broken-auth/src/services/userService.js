'use strict';

const userRepository = require('../repositories/userRepository');
const { UnauthorizedError, ValidationError } = require('../utils/errors');
const { hashPassword, verifyPassword } = require('../utils/password');
const { signToken } = require('../utils/token');
const { requireFields, requireNotBlank } = require('../utils/validation');

function present(user) {
  return user.toAuthJSON(signToken(user));
}

function assertUnique({ email, username }, currentUserId = null) {
  const errors = [];
  const byEmail = email ? userRepository.findByEmail(email) : null;
  if (byEmail && byEmail.id !== currentUserId) {
    errors.push('email has already been taken');
  }
  const byUsername = username ? userRepository.findByUsername(username) : null;
  if (byUsername && byUsername.id !== currentUserId) {
    errors.push('username has already been taken');
  }
  if (errors.length > 0) {
    throw new ValidationError(errors);
  }
}

function getById(userId) {
  const user = userRepository.findById(userId);
  if (!user) {
    throw new UnauthorizedError('user no longer exists');
  }
  return user;
}

function register(fields) {
  requireFields(fields, ['username', 'email', 'password']);
  const { username, email, password } = fields;
  assertUnique({ email, username });
  const user = userRepository.create({
    username,
    email,
    passwordHash: hashPassword(password),
  });
  return present(user);
}

function login(fields) {
  requireFields(fields, ['email', 'password']);
  const user = userRepository.findByEmail(fields.email);
  if (!user || !verifyPassword(fields.password, user.passwordHash)) {
    throw new UnauthorizedError('email or password is invalid');
  }
  return present(user);
}

function getCurrent(userId) {
  return present(getById(userId));
}

function updateCurrent(userId, fields) {
  const user = getById(userId);
  requireNotBlank(fields, ['username', 'email', 'password']);
  assertUnique(fields, user.id);

  const changes = {};
  for (const key of ['email', 'username', 'bio', 'image']) {
    if (fields[key] !== undefined) {
      changes[key] = fields[key] === null ? '' : fields[key];
    }
  }
  if (fields.password !== undefined) {
    changes.passwordHash = hashPassword(fields.password);
  }
  return present(userRepository.update(user, changes));
}

module.exports = { getById, register, login, getCurrent, updateCurrent };

import * as userRepository from '../repositories/userRepository.js';
import { UnauthorizedError, ValidationError } from '../utils/errors.js';
import { hashPassword, verifyPassword } from '../utils/password.js';
import { signToken } from '../utils/token.js';
import { requireFields, requireNotBlank } from '../utils/validation.js';
import { presentUser } from './presenters.js';

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

export async function getById(userId) {
  const user = await userRepository.findById(userId);
  if (!user) {
    throw new UnauthorizedError('user no longer exists');
  }
  return user;
}

export async function register(fields) {
  requireFields(fields, ['username', 'email', 'password']);
  const { username, email, password } = fields;
  await assertUnique({ email, username });
  const passwordHash = hashPassword(password);
  return present(await userRepository.create({ username, email, passwordHash }));
}

export async function login(fields) {
  requireFields(fields, ['email', 'password']);
  const user = await userRepository.findByEmail(fields.email);
  if (!user || !verifyPassword(fields.password, user.passwordHash)) {
    throw new UnauthorizedError('email or password is invalid');
  }
  return present(user);
}

export async function getCurrent(userId) {
  return present(await getById(userId));
}

export async function updateCurrent(userId, fields) {
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

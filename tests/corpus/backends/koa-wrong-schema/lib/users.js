const crypto = require('crypto');

const db = require('./db');
const { createToken } = require('./auth');
const { readBody } = require('./validate');

function hashPassword(password, salt = crypto.randomBytes(8).toString('hex')) {
  const key = crypto.pbkdf2Sync(password, salt, 1000, 32, 'sha512').toString('hex');
  return `${salt}.${key}`;
}

function passwordMatches(password, stored) {
  return hashPassword(password, stored.split('.')[0]) === stored;
}

function userJson(user) {
  return {
    user: {
      email: user.email,
      token: createToken(user),
      username: user.username,
      bio: user.bio,
      image: user.image,
    },
  };
}

function assertUnique(ctx, data, self) {
  for (const field of ['email', 'username']) {
    const taken = db.users.some((user) => user !== self && user[field] === data[field]);
    ctx.assert(data[field] === undefined || !taken, 422, `${field} has already been taken`);
  }
}

function register(ctx) {
  const data = readBody(ctx, 'user', { required: ['username', 'email', 'password'] });
  assertUnique(ctx, data);
  const user = db.insert('users', {
    username: data.username,
    email: data.email,
    password: hashPassword(data.password),
    bio: null,
    image: null,
    following: new Set(),
  });
  ctx.status = 201;
  ctx.body = userJson(user);
}

function login(ctx) {
  const { email, password } = readBody(ctx, 'user', { required: ['email', 'password'] });
  const user = db.users.find((row) => row.email === email);
  ctx.assert(user && passwordMatches(password, user.password), 401, 'wrong email or password');
  ctx.body = userJson(user);
}

function current(ctx) {
  ctx.body = userJson(ctx.state.user);
}

function update(ctx) {
  const { user } = ctx.state;
  const data = readBody(ctx, 'user', { optional: ['username', 'email', 'password'] });
  assertUnique(ctx, data, user);
  for (const field of ['email', 'username', 'bio', 'image']) {
    if (data[field] !== undefined) {
      user[field] = data[field];
    }
  }
  if (data.password !== undefined) {
    user.password = hashPassword(data.password);
  }
  ctx.body = userJson(user);
}

module.exports = { register, login, current, update };

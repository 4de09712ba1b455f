'use strict';

const { unauthorized, unprocessable } = require('../errors');
const password = require('../password');
const schemas = require('../schemas');
const serialize = require('../serializers');

module.exports = async function userRoutes(app) {
  const { store } = app;

  function assertAvailable({ email, username }, self) {
    const sameEmail = email && store.findUserByEmail(email);
    if (sameEmail && sameEmail !== self) {
      throw unprocessable('email has already been taken');
    }
    const sameName = username && store.findUserByUsername(username);
    if (sameName && sameName !== self) {
      throw unprocessable('username has already been taken');
    }
  }

  app.post('/users', { schema: schemas.register }, async (request, reply) => {
    const fields = request.body.user;
    assertAvailable(fields);
    const user = store.addUser({ ...fields, password: password.hash(fields.password) });
    reply.code(201);
    return { user: serialize.user(user) };
  });

  app.post('/users/login', { schema: schemas.login }, async (request) => {
    const fields = request.body.user;
    const user = store.findUserByEmail(fields.email);
    if (!user || !password.matches(fields.password, user.password)) {
      throw unauthorized('email or password is invalid');
    }
    return { user: serialize.user(user) };
  });

  app.get('/user', { onRequest: app.authenticate }, async (request) => ({
    user: serialize.user(request.user),
  }));

  app.put('/user', { schema: schemas.updateUser, onRequest: app.authenticate }, async (request) => {
    const fields = request.body.user;
    assertAvailable(fields, request.user);
    for (const key of ['email', 'username', 'bio', 'image']) {
      if (fields[key] !== undefined) {
        request.user[key] = fields[key];
      }
    }
    if (fields.password !== undefined) {
      request.user.password = password.hash(fields.password);
    }
    return { user: serialize.user(request.user) };
  });
};

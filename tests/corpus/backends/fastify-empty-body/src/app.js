'use strict';

const fastify = require('fastify');

const authPlugin = require('./auth');
const storePlugin = require('./store');

function handleError(err, request, reply) {
  if (err.validation) {
    const messages = err.validation.map((item) => {
      const field = item.params.missingProperty || item.instancePath.split('/').pop();
      return `${field} ${item.message}`.trim();
    });
    return reply.code(422).send({ errors: { body: messages } });
  }
  const status = err.statusCode || 500;
  if (status >= 500) {
    request.log.error(err);
  }
  return reply.code(status).send({ errors: { body: [err.message] } });
}

function buildApp() {
  const app = fastify({
    logger: { level: 'warn' },
    ajv: { customOptions: { allErrors: true, coerceTypes: 'array' } },
  });

  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ errors: { body: ['route not found'] } });
  });

  app.register(storePlugin);
  app.register(authPlugin);

  app.register(
    async (api) => {
      api.get('/health-check', async () => ({ status: 'ok' }));
      api.register(require('./routes/users'));
      api.register(require('./routes/profiles'), { prefix: '/profiles' });
      api.register(require('./routes/articles'), { prefix: '/articles' });
      api.register(require('./routes/comments'), { prefix: '/articles' });
      api.register(require('./routes/tags'), { prefix: '/tags' });
    },
    { prefix: '/api' }
  );

  return app;
}

module.exports = buildApp;

'use strict';

const fastify = require('fastify');

const authPlugin = require('./plugins/auth');
const { AppError } = require('./utils/errors');

/**
 * Clients send `Content-Type: application/json` on requests without a body
 * too, which Fastify answers with FST_ERR_CTP_EMPTY_JSON_BODY by default.
 */
function parseJson(request, body, done) {
  if (body === '') {
    return done(null, {});
  }
  try {
    return done(null, JSON.parse(body));
  } catch (err) {
    err.statusCode = 422;
    return done(err);
  }
}

function handleError(err, request, reply) {
  if (err instanceof AppError) {
    return reply.code(err.status).send({ errors: { body: err.messages } });
  }
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

  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ errors: { body: ['route not found'] } });
  });

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

module.exports = { buildApp };

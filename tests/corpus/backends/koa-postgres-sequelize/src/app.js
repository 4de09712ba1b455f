'use strict';

const Koa = require('koa');
const Router = require('@koa/router');
const bodyParser = require('koa-bodyparser');

const { errors } = require('./middleware/errors');
const { ValidationError } = require('./utils/errors');

function createApp() {
  const app = new Koa();
  const api = new Router({ prefix: '/api' });

  api.get('/health-check', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  api.use(require('./routes/users').routes());
  api.use('/profiles', require('./routes/profiles').routes());
  api.use('/articles', require('./routes/articles').routes());
  api.use('/articles', require('./routes/comments').routes());
  api.use('/tags', require('./routes/tags').routes());

  app.use(errors);
  app.use(
    bodyParser({
      enableTypes: ['json'],
      onerror: () => {
        throw new ValidationError('body is not valid JSON');
      },
    })
  );
  app.use(api.routes());
  app.use(api.allowedMethods());
  return app;
}

module.exports = { createApp };

import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';

import { articleRoutes } from './routes/articleRoutes.js';
import { commentRoutes } from './routes/commentRoutes.js';
import { profileRoutes } from './routes/profileRoutes.js';
import { tagRoutes } from './routes/tagRoutes.js';
import { userRoutes } from './routes/userRoutes.js';
import { AppError } from './utils/errors.js';

function errorBody(...messages) {
  return { errors: { body: messages } };
}

export function createApp() {
  const app = new Hono().basePath('/api');

  app.get('/health-check', (c) => c.json({ status: 'ok' }));

  app.route('/', userRoutes);
  app.route('/profiles', profileRoutes);
  app.route('/articles', articleRoutes);
  app.route('/articles', commentRoutes);
  app.route('/tags', tagRoutes);

  app.notFound((c) => c.json(errorBody('not found'), 404));

  app.onError((err, c) => {
    if (err instanceof AppError) {
      return c.json(errorBody(...err.messages), err.status);
    }
    if (err instanceof HTTPException) {
      return c.json(errorBody(err.message), err.status);
    }
    console.error(err);
    return c.json(errorBody('internal server error'), 500);
  });

  return app;
}

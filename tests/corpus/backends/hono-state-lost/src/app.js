import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';

import { DomainError } from './lib/errors.js';
import { articleRoutes } from './routes/article-routes.js';
import { commentRoutes } from './routes/comment-routes.js';
import { profileRoutes } from './routes/profile-routes.js';
import { tagRoutes } from './routes/tag-routes.js';
import { userRoutes } from './routes/user-routes.js';

const STATUS_BY_KIND = {
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  invalid: 422,
};

function errorBody(...messages) {
  return { errors: { body: messages } };
}

export function createApp({ userService, profileService, articleService, commentService }) {
  const app = new Hono().basePath('/api');

  app.get('/health-check', (c) => c.json({ status: 'ok' }));

  app.route('/', userRoutes(userService));
  app.route('/profiles', profileRoutes(profileService));
  app.route('/articles', articleRoutes(articleService));
  app.route('/articles', commentRoutes(commentService));
  app.route('/tags', tagRoutes(articleService));

  app.notFound((c) => c.json(errorBody('not found'), 404));

  app.onError((err, c) => {
    if (err instanceof DomainError) {
      return c.json(errorBody(...err.messages), STATUS_BY_KIND[err.kind]);
    }
    if (err instanceof HTTPException) {
      return c.json(errorBody(err.message), err.status);
    }
    console.error(err);
    return c.json(errorBody('internal server error'), 500);
  });

  return app;
}

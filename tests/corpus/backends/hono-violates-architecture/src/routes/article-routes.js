import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';
import { readBody } from './input.js';

export function articleRoutes(articleService) {
  const routes = new Hono();

  routes.get('/', optionalAuth, (c) => c.json(articleService.list(c.req.query(), c.get('userId'))));

  routes.post('/', requireAuth, async (c) => {
    const article = articleService.create(await readBody(c, 'article'), c.get('userId'));
    return c.json({ article }, 201);
  });

  routes.get('/feed', requireAuth, (c) =>
    c.json(articleService.feed(c.req.query(), c.get('userId')))
  );

  routes.get('/:slug', optionalAuth, (c) => {
    const article = articleService.get(c.req.param('slug'), c.get('userId'));
    return c.json({ article });
  });

  routes.put('/:slug', requireAuth, async (c) => {
    const fields = await readBody(c, 'article');
    const article = articleService.update(c.req.param('slug'), fields, c.get('userId'));
    return c.json({ article });
  });

  routes.delete('/:slug', requireAuth, (c) => {
    articleService.delete(c.req.param('slug'), c.get('userId'));
    return c.body(null, 200);
  });

  routes.post('/:slug/favorite', requireAuth, (c) => {
    const article = articleService.favorite(c.req.param('slug'), c.get('userId'));
    return c.json({ article });
  });

  routes.delete('/:slug/favorite', requireAuth, (c) => {
    const article = articleService.unfavorite(c.req.param('slug'), c.get('userId'));
    return c.json({ article });
  });

  return routes;
}

import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';
import { readBody, readPage } from './input.js';

export function articleRoutes(articleService) {
  const routes = new Hono();

  routes.get('/', optionalAuth, (c) => {
    const { tag, author, favorited } = c.req.query();
    const filter = { tag, author, favorited };
    return c.json(articleService.list(filter, readPage(c), c.get('userId')));
  });

  routes.post('/', requireAuth, async (c) => {
    const article = articleService.create(await readBody(c, 'article'), c.get('userId'));
    return c.json({ article }, 201);
  });

  routes.get('/feed', requireAuth, (c) =>
    c.json(articleService.feed(readPage(c), c.get('userId')))
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

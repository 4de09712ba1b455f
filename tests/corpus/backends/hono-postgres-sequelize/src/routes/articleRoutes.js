import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';
import * as articleService from '../services/articleService.js';
import { readBody, readPage } from './input.js';

export const articleRoutes = new Hono();

articleRoutes.get('/', optionalAuth, async (c) => {
  const { tag, author, favorited } = c.req.query();
  const filter = { tag, author, favorited };
  return c.json(await articleService.listArticles(filter, readPage(c), c.get('userId')));
});

articleRoutes.post('/', requireAuth, async (c) => {
  const fields = await readBody(c, 'article');
  return c.json({ article: await articleService.createArticle(fields, c.get('userId')) }, 201);
});

articleRoutes.get('/feed', requireAuth, async (c) =>
  c.json(await articleService.getFeed(readPage(c), c.get('userId')))
);

articleRoutes.get('/:slug', optionalAuth, async (c) => {
  const article = await articleService.getArticle(c.req.param('slug'), c.get('userId'));
  return c.json({ article });
});

articleRoutes.put('/:slug', requireAuth, async (c) => {
  const fields = await readBody(c, 'article');
  const article = await articleService.updateArticle(
    c.req.param('slug'),
    fields,
    c.get('userId')
  );
  return c.json({ article });
});

articleRoutes.delete('/:slug', requireAuth, async (c) => {
  await articleService.deleteArticle(c.req.param('slug'), c.get('userId'));
  return c.body(null, 200);
});

articleRoutes.post('/:slug/favorite', requireAuth, async (c) => {
  const article = await articleService.favoriteArticle(c.req.param('slug'), c.get('userId'));
  return c.json({ article });
});

articleRoutes.delete('/:slug/favorite', requireAuth, async (c) => {
  const article = await articleService.unfavoriteArticle(c.req.param('slug'), c.get('userId'));
  return c.json({ article });
});

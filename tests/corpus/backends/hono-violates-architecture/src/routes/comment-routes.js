import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';
import { readBody } from './input.js';

export function commentRoutes(commentService) {
  const routes = new Hono();

  routes.get('/:slug/comments', optionalAuth, (c) => {
    const comments = commentService.list(c.req.param('slug'), c.get('userId'));
    return c.json({ comments });
  });

  routes.post('/:slug/comments', requireAuth, async (c) => {
    const fields = await readBody(c, 'comment');
    const comment = commentService.add(c.req.param('slug'), fields, c.get('userId'));
    return c.json({ comment });
  });

  routes.delete('/:slug/comments/:id', requireAuth, (c) => {
    commentService.delete(c.req.param('slug'), Number(c.req.param('id')), c.get('userId'));
    return c.body(null, 200);
  });

  return routes;
}

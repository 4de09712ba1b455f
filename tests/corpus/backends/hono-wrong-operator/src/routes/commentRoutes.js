import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';
import * as commentService from '../services/commentService.js';
import { readBody } from './input.js';

export const commentRoutes = new Hono();

commentRoutes.get('/:slug/comments', optionalAuth, async (c) => {
  const comments = await commentService.listComments(c.req.param('slug'), c.get('userId'));
  return c.json({ comments });
});

commentRoutes.post('/:slug/comments', requireAuth, async (c) => {
  const fields = await readBody(c, 'comment');
  const comment = await commentService.addComment(c.req.param('slug'), fields, c.get('userId'));
  return c.json({ comment });
});

commentRoutes.delete('/:slug/comments/:id', requireAuth, async (c) => {
  const { slug, id } = c.req.param();
  await commentService.deleteComment(slug, Number(id), c.get('userId'));
  return c.body(null, 200);
});

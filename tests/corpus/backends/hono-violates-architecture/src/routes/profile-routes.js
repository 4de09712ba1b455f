import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';

export function profileRoutes(profileService) {
  const routes = new Hono();

  routes.get('/:username', optionalAuth, (c) => {
    const profile = profileService.get(c.req.param('username'), c.get('userId'));
    return c.json({ profile });
  });

  routes.post('/:username/follow', requireAuth, (c) => {
    const profile = profileService.follow(c.req.param('username'), c.get('userId'));
    return c.json({ profile });
  });

  routes.delete('/:username/follow', requireAuth, (c) => {
    const profile = profileService.unfollow(c.req.param('username'), c.get('userId'));
    return c.json({ profile });
  });

  return routes;
}

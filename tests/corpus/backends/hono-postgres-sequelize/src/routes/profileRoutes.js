import { Hono } from 'hono';

import { optionalAuth, requireAuth } from '../middleware/auth.js';
import * as profileService from '../services/profileService.js';

export const profileRoutes = new Hono();

profileRoutes.get('/:username', optionalAuth, async (c) => {
  const profile = await profileService.getProfile(c.req.param('username'), c.get('userId'));
  return c.json({ profile });
});

profileRoutes.post('/:username/follow', requireAuth, async (c) => {
  const profile = await profileService.followUser(c.req.param('username'), c.get('userId'));
  return c.json({ profile });
});

profileRoutes.delete('/:username/follow', requireAuth, async (c) => {
  const profile = await profileService.unfollowUser(c.req.param('username'), c.get('userId'));
  return c.json({ profile });
});

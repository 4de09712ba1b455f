import { Hono } from 'hono';

import { requireAuth } from '../middleware/auth.js';
import * as userService from '../services/userService.js';
import { readBody } from './input.js';

export const userRoutes = new Hono();

userRoutes.post('/users', async (c) => {
  const user = await userService.register(await readBody(c, 'user'));
  return c.json({ user }, 201);
});

userRoutes.post('/users/login', async (c) => {
  const user = await userService.login(await readBody(c, 'user'));
  return c.json({ user });
});

userRoutes.get('/user', requireAuth, async (c) => {
  const user = await userService.getCurrent(c.get('userId'));
  return c.json({ user });
});

userRoutes.put('/user', requireAuth, async (c) => {
  const user = await userService.updateCurrent(c.get('userId'), await readBody(c, 'user'));
  return c.json({ user });
});

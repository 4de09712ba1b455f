import { Hono } from 'hono';

import { requireAuth } from '../middleware/auth.js';
import { readBody } from './input.js';

export function userRoutes(userService) {
  const routes = new Hono();

  routes.post('/users', async (c) => {
    const user = userService.register(await readBody(c, 'user'));
    return c.json({ user }, 201);
  });

  routes.post('/users/login', async (c) => {
    const user = userService.login(await readBody(c, 'user'));
    return c.json({ user });
  });

  routes.get('/user', requireAuth, (c) => c.json({ user: userService.current(c.get('userId')) }));

  routes.put('/user', requireAuth, async (c) => {
    const user = userService.update(c.get('userId'), await readBody(c, 'user'));
    return c.json({ user });
  });

  return routes;
}

import { Hono } from 'hono';

export function tagRoutes(articleService) {
  const routes = new Hono();

  routes.get('/', (c) => c.json({ tags: articleService.tags() }));

  return routes;
}

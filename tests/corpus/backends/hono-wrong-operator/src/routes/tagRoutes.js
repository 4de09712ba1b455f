import { Hono } from 'hono';

import * as articleService from '../services/articleService.js';

export const tagRoutes = new Hono();

tagRoutes.get('/', async (c) => c.json({ tags: await articleService.listTags() }));

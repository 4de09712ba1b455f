import { serve } from '@hono/node-server';

import { createApp } from './app.js';
import * as config from './config/index.js';
import { sequelize } from './models/index.js';

await sequelize.sync();

serve({ fetch: createApp().fetch, hostname: config.host, port: config.port }, (info) => {
  console.log(`Server is running on port ${info.port}`);
});

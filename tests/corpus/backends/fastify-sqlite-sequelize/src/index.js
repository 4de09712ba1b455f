'use strict';

const { buildApp } = require('./app');
const config = require('./config');
const { sequelize } = require('./models');

async function start() {
  const app = buildApp();
  app.addHook('onClose', async () => sequelize.close());
  try {
    await sequelize.sync({ force: true });
    await app.listen({ port: config.port, host: config.host });
  } catch (err) {
    app.log.error(err);
    process.exit(1);
  }
}

start();

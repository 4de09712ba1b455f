'use strict';

const { createApp } = require('./app');
const config = require('./config');
const { sequelize } = require('./models');

async function start() {
  await sequelize.authenticate();
  await sequelize.sync();
  createApp().listen(config.port, config.host, () => {
    console.log(`Conduit API listening on http://${config.host}:${config.port}`);
  });
}

start().catch((err) => {
  console.error(err);
  process.exit(1);
});

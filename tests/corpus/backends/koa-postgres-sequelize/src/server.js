'use strict';

const { createApp } = require('./app');
const config = require('./config');
const { sequelize } = require('./models');

async function main() {
  await sequelize.sync();
  createApp().listen(config.port, config.host, () => {
    console.log(`Listening on ${config.host}:${config.port}`);
  });
}

main().catch((err) => {
  console.error('could not start:', err);
  process.exit(1);
});

'use strict';

const buildApp = require('./app');

const PORT = 8000;
const HOST = process.env.HOST || '0.0.0.0';

async function start() {
  const app = buildApp();
  try {
    await app.listen({ port: PORT, host: HOST });
  } catch (err) {
    app.log.error(err);
    process.exit(1);
  }
}

start();

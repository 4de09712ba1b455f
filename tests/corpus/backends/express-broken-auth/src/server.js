'use strict';

const { createApp } = require('./app');
const config = require('./config');

const app = createApp();

app.listen(config.port, config.host, () => {
  console.log(`Conduit API listening on http://${config.host}:${config.port}`);
});

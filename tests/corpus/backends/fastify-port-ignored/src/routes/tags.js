'use strict';

module.exports = async function tagRoutes(app) {
  app.get('/', async () => ({ tags: app.store.tags() }));
};

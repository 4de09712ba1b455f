'use strict';

const express = require('express');

const userRoutes = require('./routes/userRoutes');
const profileRoutes = require('./routes/profileRoutes');
const articleRoutes = require('./routes/articleRoutes');
const commentRoutes = require('./routes/commentRoutes');
const tagRoutes = require('./routes/tagRoutes');
const { notFound, errorHandler } = require('./middleware/errors');

function createApp() {
  const app = express();

  app.disable('x-powered-by');
  app.use(express.json());

  app.get('/api/health-check', (req, res) => {
    res.json({ status: 'ok' });
  });

  app.use('/api', userRoutes);
  app.use('/api/profiles', profileRoutes);
  app.use('/api/articles', articleRoutes);
  app.use('/api/articles', commentRoutes);
  app.use('/api/tags', tagRoutes);

  app.use(notFound);
  app.use(errorHandler);

  return app;
}

module.exports = { createApp };

'use strict';

module.exports = {
  host: '0.0.0.0',
  port: 3000,
  jwtSecret: process.env.JWT_SECRET || 'change-me-in-production',
  jwtLifetime: 7 * 24 * 60 * 60,
};

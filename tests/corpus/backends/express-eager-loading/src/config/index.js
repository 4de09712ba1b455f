'use strict';

module.exports = {
  host: '0.0.0.0',
  port: 3000,
  jwtSecret: process.env.JWT_SECRET || 'conduit-secret-key',
  jwtExpiresIn: '7d',
};

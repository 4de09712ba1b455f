'use strict';

const { Sequelize } = require('sequelize');

const url = process.env.DATABASE_URL || 'postgres://user:password@postgres:5432/conduit';

const sequelize = new Sequelize(url, {
  dialect: 'postgres',
  logging: false,
  pool: { max: 10, min: 0, acquire: 30000, idle: 10000 },
});

module.exports = { sequelize };

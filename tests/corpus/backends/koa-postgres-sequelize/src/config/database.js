'use strict';

const { Sequelize } = require('sequelize');

const sequelize = new Sequelize('conduit', 'user', 'password', {
  host: 'postgres',
  port: 5432,
  dialect: 'postgres',
  logging: false,
});

module.exports = { sequelize };

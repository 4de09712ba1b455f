'use strict';

const path = require('path');
const { Sequelize } = require('sequelize');

const sequelize = new Sequelize({
  dialect: 'sqlite',
  storage: path.join(process.cwd(), 'conduit.sqlite'),
  logging: false,
});

module.exports = { sequelize };

'use strict';

const { DataTypes, Model } = require('sequelize');

const { sequelize } = require('../config/database');

class Follow extends Model {}

Follow.init(
  {
    followerId: { type: DataTypes.INTEGER, primaryKey: true },
    followedId: { type: DataTypes.INTEGER, primaryKey: true },
  },
  { sequelize, modelName: 'Follow', tableName: 'follows', underscored: true, timestamps: false }
);

module.exports = { Follow };

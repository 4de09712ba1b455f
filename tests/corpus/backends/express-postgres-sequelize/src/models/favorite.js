'use strict';

const { DataTypes, Model } = require('sequelize');

const { sequelize } = require('../config/database');

class Favorite extends Model {}

Favorite.init(
  {
    userId: { type: DataTypes.INTEGER, primaryKey: true },
    articleId: { type: DataTypes.INTEGER, primaryKey: true },
  },
  { sequelize, modelName: 'Favorite', tableName: 'favorites', underscored: true, timestamps: false }
);

module.exports = { Favorite };

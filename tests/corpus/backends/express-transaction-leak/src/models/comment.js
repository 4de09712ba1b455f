'use strict';

const { DataTypes, Model } = require('sequelize');

const { sequelize } = require('../config/database');

class Comment extends Model {}

Comment.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    body: { type: DataTypes.TEXT, allowNull: false },
    articleId: { type: DataTypes.INTEGER, allowNull: false },
    authorId: { type: DataTypes.INTEGER, allowNull: false },
  },
  { sequelize, modelName: 'Comment', tableName: 'comments', underscored: true }
);

module.exports = { Comment };

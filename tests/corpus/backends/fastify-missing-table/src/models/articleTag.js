'use strict';

const { DataTypes, Model } = require('sequelize');

const { sequelize } = require('../config/database');

class ArticleTag extends Model {}

ArticleTag.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    articleId: { type: DataTypes.INTEGER, allowNull: false },
    name: { type: DataTypes.STRING, allowNull: false },
    position: { type: DataTypes.INTEGER, allowNull: false },
  },
  { sequelize, modelName: 'ArticleTag', tableName: 'article_tags', underscored: true, timestamps: false }
);

module.exports = { ArticleTag };

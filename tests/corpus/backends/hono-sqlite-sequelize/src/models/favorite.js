import { DataTypes, Model } from 'sequelize';

import { sequelize } from '../config/database.js';

export class Favorite extends Model {}

Favorite.init(
  {
    userId: { type: DataTypes.INTEGER, primaryKey: true },
    articleId: { type: DataTypes.INTEGER, primaryKey: true },
  },
  { sequelize, modelName: 'Favorite', tableName: 'favorites', underscored: true, timestamps: false }
);

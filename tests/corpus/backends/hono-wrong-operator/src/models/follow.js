import { DataTypes, Model } from 'sequelize';

import { sequelize } from '../config/database.js';

export class Follow extends Model {}

Follow.init(
  {
    followerId: { type: DataTypes.INTEGER, primaryKey: true },
    followedId: { type: DataTypes.INTEGER, primaryKey: true },
  },
  { sequelize, modelName: 'Follow', tableName: 'follows', underscored: true, timestamps: false }
);

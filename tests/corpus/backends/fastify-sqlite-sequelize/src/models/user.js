'use strict';

const { DataTypes, Model } = require('sequelize');

const { sequelize } = require('../config/database');

class User extends Model {}

User.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    username: { type: DataTypes.STRING, allowNull: false, unique: true },
    email: { type: DataTypes.STRING, allowNull: false, unique: true },
    passwordHash: { type: DataTypes.STRING, allowNull: false },
    bio: { type: DataTypes.TEXT, defaultValue: null },
    image: { type: DataTypes.TEXT, defaultValue: null },
  },
  { sequelize, modelName: 'User', tableName: 'users', underscored: true }
);

module.exports = { User };

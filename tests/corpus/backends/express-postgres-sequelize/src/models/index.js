'use strict';

const { sequelize } = require('../config/database');
const { Article } = require('./article');
const { ArticleTag } = require('./articleTag');
const { Comment } = require('./comment');
const { Favorite } = require('./favorite');
const { Follow } = require('./follow');
const { User } = require('./user');

User.hasMany(Article, { as: 'articles', foreignKey: 'authorId', onDelete: 'CASCADE' });
Article.belongsTo(User, { as: 'author', foreignKey: 'authorId', onDelete: 'CASCADE' });

Article.hasMany(ArticleTag, { as: 'tags', foreignKey: 'articleId', onDelete: 'CASCADE' });
ArticleTag.belongsTo(Article, { as: 'article', foreignKey: 'articleId', onDelete: 'CASCADE' });

Article.hasMany(Comment, { as: 'comments', foreignKey: 'articleId', onDelete: 'CASCADE' });
Comment.belongsTo(Article, { as: 'article', foreignKey: 'articleId', onDelete: 'CASCADE' });
Comment.belongsTo(User, { as: 'author', foreignKey: 'authorId', onDelete: 'CASCADE' });

Favorite.belongsTo(User, { as: 'user', foreignKey: 'userId', onDelete: 'CASCADE' });
Favorite.belongsTo(Article, { as: 'article', foreignKey: 'articleId', onDelete: 'CASCADE' });

Follow.belongsTo(User, { as: 'follower', foreignKey: 'followerId', onDelete: 'CASCADE' });
Follow.belongsTo(User, { as: 'followed', foreignKey: 'followedId', onDelete: 'CASCADE' });

module.exports = { sequelize, Article, ArticleTag, Comment, Favorite, Follow, User };

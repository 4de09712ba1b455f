import { sequelize } from '../config/database.js';
import { Article } from './article.js';
import { Comment } from './comment.js';
import { Favorite } from './favorite.js';
import { Follow } from './follow.js';
import { User } from './user.js';

User.hasMany(Article, { as: 'articles', foreignKey: 'authorId', onDelete: 'CASCADE' });
Article.belongsTo(User, { as: 'author', foreignKey: 'authorId', onDelete: 'CASCADE' });

Article.hasMany(Comment, { as: 'comments', foreignKey: 'articleId', onDelete: 'CASCADE' });
Comment.belongsTo(Article, { as: 'article', foreignKey: 'articleId', onDelete: 'CASCADE' });
Comment.belongsTo(User, { as: 'author', foreignKey: 'authorId', onDelete: 'CASCADE' });

Favorite.belongsTo(User, { as: 'user', foreignKey: 'userId', onDelete: 'CASCADE' });
Favorite.belongsTo(Article, { as: 'article', foreignKey: 'articleId', onDelete: 'CASCADE' });

Follow.belongsTo(User, { as: 'follower', foreignKey: 'followerId', onDelete: 'CASCADE' });
Follow.belongsTo(User, { as: 'followed', foreignKey: 'followedId', onDelete: 'CASCADE' });

export { sequelize, Article, Comment, Favorite, Follow, User };

import { serve } from '@hono/node-server';

import { createApp } from './app.js';
import { ArticleRepository } from './repositories/article-repository.js';
import { CommentRepository } from './repositories/comment-repository.js';
import { UserRepository } from './repositories/user-repository.js';
import { ArticleService } from './services/article-service.js';
import { CommentService } from './services/comment-service.js';
import { ProfileService } from './services/profile-service.js';
import { UserService } from './services/user-service.js';

const users = new UserRepository();
const articles = new ArticleRepository();
const comments = new CommentRepository();

const app = createApp({
  userService: new UserService(users),
  profileService: new ProfileService(users),
  articleService: new ArticleService(articles, comments, users),
  commentService: new CommentService(comments, articles, users),
});

serve({ fetch: app.fetch, hostname: '0.0.0.0', port: 3000 }, (info) => {
  console.log(`Server is running on port ${info.port}`);
});

'use strict';

function presentUser(user, token) {
  return {
    email: user.email,
    token,
    username: user.username,
    bio: user.bio,
    image: user.image,
  };
}

function presentProfile(user, followedIds) {
  return {
    username: user.username,
    bio: user.bio,
    image: user.image,
    following: followedIds.has(user.id),
  };
}

function presentArticle(article, { favoritedIds, favoriteCounts, followedIds }) {
  return {
    slug: article.slug,
    title: article.title,
    description: article.description,
    body: article.body,
    tagList: article.tags.map((tag) => tag.name),
    createdAt: article.createdAt.toISOString(),
    updatedAt: article.updatedAt.toISOString(),
    favorited: favoritedIds.has(article.id),
    favoritesCount: favoriteCounts.get(article.id) || 0,
    author: presentProfile(article.author, followedIds),
  };
}

function presentComment(comment, followedIds) {
  return {
    id: comment.id,
    createdAt: comment.createdAt.toISOString(),
    updatedAt: comment.updatedAt.toISOString(),
    body: comment.body,
    author: presentProfile(comment.author, followedIds),
  };
}

module.exports = { presentUser, presentProfile, presentArticle, presentComment };

'use strict';

const jwt = require('./jwt');

function user(record) {
  return {
    email: record.email,
    token: jwt.sign({ sub: record.id }),
    username: record.username,
    bio: record.bio,
    image: record.image,
  };
}

function profile(record, viewer) {
  return {
    username: record.username,
    bio: record.bio,
    image: record.image,
    following: Boolean(viewer && viewer.following.has(record.id)),
  };
}

function article(store, record, viewer) {
  return {
    slug: record.slug,
    title: record.title,
    description: record.description,
    body: record.body,
    tagList: record.tagList,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    favorited: Boolean(viewer && record.favoritedBy.has(viewer.id)),
    favoritesCount: record.favoritedBy.size,
    author: profile(store.findUserById(record.authorId), viewer),
  };
}

function comment(store, record, viewer) {
  return {
    id: record.id,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    body: record.body,
    author: profile(store.findUserById(record.authorId), viewer),
  };
}

module.exports = { user, profile, article, comment };

const db = require('./db');

function profileJson(user, viewer) {
  return {
    username: user.username,
    bio: user.bio,
    image: user.image,
    following: viewer ? viewer.following.has(user.id) : false,
  };
}

function findProfile(ctx) {
  const user = db.users.find((row) => row.username === ctx.params.username);
  ctx.assert(user, 404, 'profile not found');
  return user;
}

function get(ctx) {
  ctx.body = { profile: profileJson(findProfile(ctx), ctx.state.user) };
}

function follow(ctx) {
  const user = findProfile(ctx);
  ctx.state.user.following.add(user.id);
  ctx.body = { profile: profileJson(user, ctx.state.user) };
}

function unfollow(ctx) {
  const user = findProfile(ctx);
  ctx.state.user.following.delete(user.id);
  ctx.body = { profile: profileJson(user, ctx.state.user) };
}

module.exports = { profileJson, get, follow, unfollow };

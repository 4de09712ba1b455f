const db = require('./db');
const { profileJson } = require('./profiles');
const { readBody, readInteger } = require('./validate');

function slugFor(title) {
  const base =
    title
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('-') || 'article';
  let slug = base;
  let n = 1;
  while (db.articles.some((article) => article.slug === slug)) {
    n += 1;
    slug = `${base}-${n}`;
  }
  return slug;
}

function articleJson(article, viewer) {
  return {
    slug: article.slug,
    title: article.title,
    description: article.description,
    body: article.body,
    tagList: article.tagList,
    createdAt: article.createdAt,
    updatedAt: article.updatedAt,
    favorited: viewer ? article.favoritedBy.has(viewer.id) : false,
    favoritesCount: article.favoritedBy.size,
    author: profileJson(article.author, viewer),
  };
}

function sendList(ctx, matches) {
  const limit = readInteger(ctx, 'limit', 20, 1);
  const offset = readInteger(ctx, 'offset', 0, 0);
  const newestFirst = [...matches].reverse();
  ctx.body = {
    articles: newestFirst
      .slice(offset, offset + limit)
      .map((article) => articleJson(article, ctx.state.user)),
    articlesCount: matches.length,
  };
}

function sendArticle(ctx, article) {
  ctx.body = { article: articleJson(article, ctx.state.user) };
}

function findArticle(ctx) {
  const article = db.articles.find((row) => row.slug === ctx.params.slug);
  ctx.assert(article, 404, 'article not found');
  return article;
}

function findOwnArticle(ctx) {
  const article = findArticle(ctx);
  ctx.assert(article.author === ctx.state.user, 403, 'not your article');
  return article;
}

function list(ctx) {
  const { tag, author, favorited } = ctx.query;
  const fan = favorited && db.users.find((user) => user.username === favorited);
  sendList(
    ctx,
    db.articles.filter(
      (article) =>
        (!tag || article.tagList.includes(tag)) &&
        (!author || article.author.username === author) &&
        (!favorited || (fan && article.favoritedBy.has(fan.id)))
    )
  );
}

function feed(ctx) {
  const { following } = ctx.state.user;
  sendList(
    ctx,
    db.articles.filter((article) => following.has(article.author.id))
  );
}

function get(ctx) {
  sendArticle(ctx, findArticle(ctx));
}

function create(ctx) {
  const data = readBody(ctx, 'article', { required: ['title', 'description', 'body'] });
  const article = db.insert('articles', {
    slug: slugFor(data.title),
    title: data.title,
    description: data.description,
    body: data.body,
    tagList: Array.isArray(data.tagList) ? data.tagList : [],
    author: ctx.state.user,
    favoritedBy: new Set(),
  });
  ctx.status = 201;
  sendArticle(ctx, article);
}

function update(ctx) {
  const article = findOwnArticle(ctx);
  const data = readBody(ctx, 'article', { optional: ['title', 'description', 'body'] });
  if (data.title !== undefined && data.title !== article.title) {
    article.slug = slugFor(data.title);
  }
  for (const field of ['title', 'description', 'body']) {
    if (data[field] !== undefined) {
      article[field] = data[field];
    }
  }
  article.updatedAt = new Date().toISOString();
  sendArticle(ctx, article);
}

function remove(ctx) {
  const article = findOwnArticle(ctx);
  db.delete('comments', (comment) => comment.article === article);
  db.delete('articles', (row) => row === article);
  ctx.body = {};
}

function favorite(ctx) {
  const article = findArticle(ctx);
  article.favoritedBy.add(ctx.state.user.id);
  sendArticle(ctx, article);
}

function unfavorite(ctx) {
  const article = findArticle(ctx);
  article.favoritedBy.delete(ctx.state.user.id);
  sendArticle(ctx, article);
}

function tags(ctx) {
  ctx.body = { tags: [...new Set(db.articles.flatMap((article) => article.tagList))] };
}

module.exports = {
  findArticle,
  list,
  feed,
  get,
  create,
  update,
  remove,
  favorite,
  unfavorite,
  tags,
};

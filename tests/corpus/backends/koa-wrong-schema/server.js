const Koa = require('koa');
const Router = require('@koa/router');
const bodyParser = require('koa-bodyparser');

const articles = require('./lib/articles');
const comments = require('./lib/comments');
const profiles = require('./lib/profiles');
const users = require('./lib/users');
const { optional, required } = require('./lib/auth');

const HOST = '0.0.0.0';
const PORT = 3000;

const app = new Koa();
const router = new Router({ prefix: '/api' });

// Errors thrown with ctx.throw carry `expose`; everything else is a bug.
app.use(async (ctx, next) => {
  try {
    await next();
    if (ctx.status === 404 && ctx.body === undefined) {
      ctx.status = 404;
      ctx.body = { errors: { body: ['not found'] } };
    }
  } catch (err) {
    ctx.status = err.status || 500;
    ctx.body = { errors: { body: [err.expose ? err.message : 'internal server error'] } };
    if (!err.expose) {
      console.error(err);
    }
  }
});

app.use(
  bodyParser({
    enableTypes: ['json'],
    onerror: (err, ctx) => ctx.throw(422, 'body is not valid JSON'),
  })
);

router.get('/health-check', (ctx) => {
  ctx.body = { status: 'ok' };
});

router.post('/users', users.register);
router.post('/users/login', users.login);
router.get('/user', required, users.current);
router.put('/user', required, users.update);

router.get('/profiles/:username', optional, profiles.get);
router.post('/profiles/:username/follow', required, profiles.follow);
router.delete('/profiles/:username/follow', required, profiles.unfollow);

router.get('/articles', optional, articles.list);
router.get('/articles/feed', required, articles.feed);
router.post('/articles', required, articles.create);
router.get('/articles/:slug', optional, articles.get);
router.put('/articles/:slug', required, articles.update);
router.delete('/articles/:slug', required, articles.remove);
router.post('/articles/:slug/favorite', required, articles.favorite);
router.delete('/articles/:slug/favorite', required, articles.unfavorite);

router.get('/articles/:slug/comments', optional, comments.list);
router.post('/articles/:slug/comments', required, comments.create);
router.delete('/articles/:slug/comments/:id', required, comments.remove);

router.get('/tags', articles.tags);

app.use(router.routes());
app.use(router.allowedMethods());

app.listen(PORT, HOST, () => {
  console.log(`Listening on ${HOST}:${PORT}`);
});

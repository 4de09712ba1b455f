'use strict';

const text = { type: 'string', minLength: 1 };
const nullableText = { type: 'string', nullable: true };

/** A request body of the form { [name]: { ...properties } }. */
function envelope(name, properties, required = []) {
  return {
    body: {
      type: 'object',
      required: [name],
      properties: {
        [name]: { type: 'object', required, properties },
      },
    },
  };
}

const pagination = {
  limit: { type: 'integer', minimum: 1, default: 20 },
  offset: { type: 'integer', minimum: 0, default: 0 },
};

module.exports = {
  login: envelope('user', { email: text, password: text }, ['email', 'password']),
  register: envelope('user', { username: text, email: text, password: text }, [
    'username',
    'email',
    'password',
  ]),
  updateUser: envelope('user', {
    email: text,
    username: text,
    password: text,
    bio: nullableText,
    image: nullableText,
  }),
  createArticle: envelope(
    'article',
    {
      title: text,
      description: text,
      body: text,
      tagList: { type: 'array', items: { type: 'string' }, default: [] },
    },
    ['title', 'description', 'body']
  ),
  updateArticle: envelope('article', { title: text, description: text, body: text }),
  createComment: envelope('comment', { body: text }, ['body']),
  listArticles: {
    querystring: {
      type: 'object',
      properties: {
        tag: { type: 'string' },
        author: { type: 'string' },
        favorited: { type: 'string' },
        ...pagination,
      },
    },
  },
  feed: { querystring: { type: 'object', properties: pagination } },
};

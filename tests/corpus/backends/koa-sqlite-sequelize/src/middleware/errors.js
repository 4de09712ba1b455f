'use strict';

const { AppError } = require('../utils/errors');

function fail(ctx, status, messages) {
  ctx.status = status;
  ctx.body = { errors: { body: messages } };
}

async function errors(ctx, next) {
  try {
    await next();
    if (ctx.status === 404 && ctx.body === undefined) {
      fail(ctx, 404, ['not found']);
    }
  } catch (err) {
    if (err instanceof AppError) {
      fail(ctx, err.status, err.messages);
    } else if (err.expose) {
      fail(ctx, err.status, [err.message]);
    } else {
      console.error(err);
      fail(ctx, 500, ['internal server error']);
    }
  }
}

module.exports = { errors };

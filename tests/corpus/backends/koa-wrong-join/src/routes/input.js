'use strict';

const { ValidationError } = require('../utils/errors');
const { parseInteger } = require('../utils/validation');

/** The object under `name` in the request body. */
function readBody(ctx, name) {
  const value = ctx.request.body && ctx.request.body[name];
  if (!value || typeof value !== 'object') {
    throw new ValidationError(`${name} is required`);
  }
  return value;
}

function readPage(ctx) {
  return {
    limit: parseInteger(ctx.query.limit, 20, 1),
    offset: parseInteger(ctx.query.offset, 0, 0),
  };
}

module.exports = { readBody, readPage };

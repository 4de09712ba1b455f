'use strict';

const { AppError } = require('../utils/errors');

function notFound(req, res) {
  res.status(404).json({ errors: { body: ['not found'] } });
}

// Express recognises an error handler by its four parameters.
// eslint-disable-next-line no-unused-vars
function errorHandler(err, req, res, next) {
  if (err instanceof AppError) {
    return res.status(err.status).json({ errors: { body: err.messages } });
  }
  if (err.type === 'entity.parse.failed') {
    return res.status(422).json({ errors: { body: ['malformed JSON'] } });
  }
  console.error(err);
  return res.status(500).json({ errors: { body: ['internal server error'] } });
}

module.exports = { notFound, errorHandler };

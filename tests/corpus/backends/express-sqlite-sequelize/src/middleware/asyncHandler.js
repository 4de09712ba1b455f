'use strict';

/** Express 4 does not see a rejected promise: this hands it to the error handler. */
function asyncHandler(handler) {
  return (req, res, next) => Promise.resolve(handler(req, res, next)).catch(next);
}

module.exports = { asyncHandler };

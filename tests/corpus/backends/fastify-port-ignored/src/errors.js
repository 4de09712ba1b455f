'use strict';

function httpError(statusCode, message) {
  const error = new Error(message);
  error.statusCode = statusCode;
  return error;
}

module.exports = {
  unauthorized: (message = 'authentication required') => httpError(401, message),
  forbidden: (message = 'forbidden') => httpError(403, message),
  notFound: (message = 'not found') => httpError(404, message),
  unprocessable: (message) => httpError(422, message),
};

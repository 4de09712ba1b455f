'use strict';

const { UnauthorizedError } = require('../utils/errors');
const { verifyToken } = require('../utils/token');

function readToken(req) {
  const [scheme, token] = (req.headers.authorization || '').split(' ');
  return scheme === 'Token' && token ? token : null;
}

function requireAuth(req, res, next) {
  const token = readToken(req);
  if (!token) {
    return next(new UnauthorizedError('authorization token is missing'));
  }
  const payload = verifyToken(token);
  if (!payload) {
    return next(new UnauthorizedError('authorization token is invalid'));
  }
  req.userId = payload.id;
  return next();
}

function optionalAuth(req, res, next) {
  const token = readToken(req);
  const payload = token ? verifyToken(token) : null;
  req.userId = payload ? payload.id : null;
  next();
}

module.exports = { requireAuth, optionalAuth };

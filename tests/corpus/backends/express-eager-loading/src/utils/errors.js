'use strict';

class AppError extends Error {
  constructor(status, messages) {
    const list = Array.isArray(messages) ? messages : [messages];
    super(list.join(', '));
    this.status = status;
    this.messages = list;
  }
}

class UnauthorizedError extends AppError {
  constructor(message) {
    super(401, message);
  }
}

class ForbiddenError extends AppError {
  constructor(message) {
    super(403, message);
  }
}

class NotFoundError extends AppError {
  constructor(message) {
    super(404, message);
  }
}

class ValidationError extends AppError {
  constructor(messages) {
    super(422, messages);
  }
}

module.exports = {
  AppError,
  UnauthorizedError,
  ForbiddenError,
  NotFoundError,
  ValidationError,
};

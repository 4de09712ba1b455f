export class AppError extends Error {
  constructor(status, messages) {
    const list = Array.isArray(messages) ? messages : [messages];
    super(list.join(', '));
    this.status = status;
    this.messages = list;
  }
}

export class UnauthorizedError extends AppError {
  constructor(message) {
    super(401, message);
  }
}

export class ForbiddenError extends AppError {
  constructor(message) {
    super(403, message);
  }
}

export class NotFoundError extends AppError {
  constructor(message) {
    super(404, message);
  }
}

export class ValidationError extends AppError {
  constructor(messages) {
    super(422, messages);
  }
}

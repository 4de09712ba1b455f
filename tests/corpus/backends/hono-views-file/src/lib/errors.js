/** An error of the business rules. It knows nothing of HTTP. */
export class DomainError extends Error {
  constructor(kind, ...messages) {
    super(messages.join('; '));
    this.kind = kind;
    this.messages = messages;
  }
}

export const unauthorized = (message) => new DomainError('unauthorized', message);
export const forbidden = (message) => new DomainError('forbidden', message);
export const notFound = (what) => new DomainError('not_found', `${what} not found`);
export const invalid = (...messages) => new DomainError('invalid', ...messages);

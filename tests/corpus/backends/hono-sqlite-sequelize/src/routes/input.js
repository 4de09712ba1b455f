import { ValidationError } from '../utils/errors.js';
import { parseInteger } from '../utils/validation.js';

/** Reads `{ [name]: {...} }` from the request body. */
export async function readBody(c, name) {
  let body;
  try {
    body = await c.req.json();
  } catch {
    throw new ValidationError('body is not valid JSON');
  }
  const value = body?.[name];
  if (value === null || typeof value !== 'object') {
    throw new ValidationError(`${name} is missing`);
  }
  return value;
}

export function readPage(c) {
  return {
    limit: parseInteger(c.req.query('limit'), 20, 1),
    offset: parseInteger(c.req.query('offset'), 0, 0),
  };
}

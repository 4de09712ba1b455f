import { invalid } from '../lib/errors.js';

/** Reads `{ [name]: {...} }` from the request body. */
export async function readBody(c, name) {
  let body;
  try {
    body = await c.req.json();
  } catch {
    throw invalid('body is not valid JSON');
  }
  const value = body?.[name];
  if (value === null || typeof value !== 'object') {
    throw invalid(`${name} is missing`);
  }
  return value;
}

function readNumber(c, name, fallback, minimum) {
  const text = c.req.query(name);
  if (text === undefined) {
    return fallback;
  }
  const value = Number(text);
  if (!Number.isInteger(value) || value < minimum) {
    throw invalid(`${name} must be an integer of at least ${minimum}`);
  }
  return value;
}

export function readPage(c) {
  return { limit: readNumber(c, 'limit', 20, 1), offset: readNumber(c, 'offset', 0, 0) };
}

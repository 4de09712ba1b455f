import { ValidationError } from './errors.js';

function isBlank(value) {
  return typeof value !== 'string' || value.trim() === '';
}

export function requireFields(source, fields) {
  const errors = fields
    .filter((field) => isBlank(source[field]))
    .map((field) => `${field} can't be blank`);
  if (errors.length > 0) {
    throw new ValidationError(errors);
  }
}

export function requireNotBlank(source, fields) {
  requireFields(
    source,
    fields.filter((field) => source[field] !== undefined)
  );
}

export function parseInteger(value, fallback, minimum) {
  if (value === undefined || value === '') {
    return fallback;
  }
  const number = Number(value);
  if (!Number.isInteger(number) || number < minimum) {
    throw new ValidationError(`invalid pagination parameter: ${value}`);
  }
  return number;
}

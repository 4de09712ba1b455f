'use strict';

const { ValidationError } = require('./errors');

function isBlank(value) {
  return typeof value !== 'string' || value.trim() === '';
}

function requireFields(source, fields) {
  const errors = fields
    .filter((field) => isBlank(source[field]))
    .map((field) => `${field} can't be blank`);
  if (errors.length > 0) {
    throw new ValidationError(errors);
  }
}

function requireNotBlank(source, fields) {
  requireFields(
    source,
    fields.filter((field) => source[field] !== undefined)
  );
}

function parseInteger(value, fallback, minimum) {
  if (value === undefined || value === '') {
    return fallback;
  }
  const number = Number(value);
  if (!Number.isInteger(number) || number < minimum) {
    throw new ValidationError(`invalid pagination parameter: ${value}`);
  }
  return number;
}

module.exports = { requireFields, requireNotBlank, parseInteger };

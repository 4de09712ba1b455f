import { invalid } from './errors.js';

const blank = (value) => typeof value !== 'string' || value.trim() === '';

/** Every named field has to be a string that is not blank. */
export function assertPresent(fields, names) {
  const messages = names
    .filter((name) => blank(fields[name]))
    .map((name) => `${name} can't be blank`);
  if (messages.length > 0) {
    throw invalid(...messages);
  }
}

/** The same, but a field may be left out. */
export function assertNotBlank(fields, names) {
  assertPresent(
    fields,
    names.filter((name) => fields[name] !== undefined)
  );
}

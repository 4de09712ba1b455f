/**
 * Returns the object under `name` in the request body. `required` fields must
 * be strings that are not blank; `optional` ones too, when they are there.
 */
function readBody(ctx, name, { required = [], optional = [] } = {}) {
  const data = ctx.request.body && ctx.request.body[name];
  ctx.assert(data && typeof data === 'object', 422, `${name} is required`);
  const present = optional.filter((field) => data[field] !== undefined);
  for (const field of [...required, ...present]) {
    const value = data[field];
    ctx.assert(typeof value === 'string' && value.trim() !== '', 422, `${field} can't be blank`);
  }
  return data;
}

function readInteger(ctx, name, fallback, minimum) {
  const text = ctx.query[name];
  if (text === undefined) {
    return fallback;
  }
  const value = Number(text);
  ctx.assert(Number.isInteger(value) && value >= minimum, 422, `${name} is invalid`);
  return value;
}

module.exports = { readBody, readInteger };

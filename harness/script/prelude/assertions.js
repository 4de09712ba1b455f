// pm.expect: chai with the response assertions of Postman, both from their npm packages.
(function (core) {
'use strict';

const { need, Response } = core;
const chai = need('require').load('chai');

// What the response assertions use of lodash, without loading it.
const isPlain = (value) => value !== null && typeof value === 'object' &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value));
const path = (text) => String(text).split(/[.[\]]+/).filter((part) => part !== '').map((part) => part.replace(/^["']|["']$/g, ''));
const has = (object, text) => {
    if (object === null || object === undefined) return false;
    if (Object.hasOwn(Object(object), text)) return true;
    for (const part of path(text)) {
        if (object === null || object === undefined || !Object.hasOwn(Object(object), part)) return false;
        object = object[part];
    }
    return true;
};
const get = (object, text) => {
    if (object !== null && object !== undefined && Object.hasOwn(Object(object), text)) return object[text];
    for (const part of path(text)) object = object === null || object === undefined ? undefined : object[part];
    return object;
};
const lodash = {
    forOwn: (object, visit) => Object.keys(object).forEach((key) => visit(object[key], key, object)),
    isNumber: (value) => typeof value === 'number', isString: (value) => typeof value === 'string',
    isFunction: (value) => typeof value === 'function', isObject: core.isObject, isArray: Array.isArray,
    isPlainObject: isPlain, isEqual: (a, b) => chai.util.eql(a, b), has, get,
};

const sdk = {
    Response: { isResponse: (value) => value instanceof Response },
    Request: { isRequest: (value) => value instanceof need('sdk').Request },
};

// Loaded by the one assertion that needs it.
const Ajv = function (...args) { return new (need('require').load('ajv'))(...args); };

chai.use(need('require').load('chai-postman')(sdk, lodash, Ajv));
return { expect: chai.expect, chai };
})

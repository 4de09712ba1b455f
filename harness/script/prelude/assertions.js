// pm.expect: chai with the response assertions of Postman, both from their npm packages.
(function (core) {
'use strict';

const { need, Response } = core;
const { apply, get: read } = Reflect;
const chai = need('require').load('chai/chai.js');

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

// chai puts a Proxy around every assertion, and so around every word of one, to refuse words that it does not know
// ("Invalid Chai property"). One Proxy at the end of the prototype chain sees the same unknown words and nothing
// else; it leaves the answer to chai's own. Measured: a word costs a tenth. Methods keep the Proxy of their own that
// they got above; one that a script adds gets it, too.
const { config, util, Assertion } = chai;
let wanted = config.useProxy, now = false;
Object.defineProperty(config, 'useProxy', {
    configurable: true, enumerable: true, get: () => now, set: (value) => { wanted = Boolean(value); } });
const withProxies = (work) => (...args) => {
    now = wanted;
    try { return apply(work, util, args); } finally { now = false; }
};
for (const name of ['addMethod', 'overwriteMethod']) util[name] = withProxies(util[name]);
const unknownWord = withProxies((assertion, word) => util.proxify(assertion)[word]);
const known = Object.create(Object.prototype);
Object.defineProperty(Assertion.prototype, '__flags', { value: undefined, writable: true, configurable: true });
Object.setPrototypeOf(Assertion.prototype, new Proxy(known, {
    get: (_, word, assertion) => {
        // What has no flags is no assertion: it is a prototype that someone looks at.
        const fine = !wanted || typeof word !== 'string' || word in known || assertion.__flags === undefined ||
            config.proxyExcludedKeys.includes(word);
        return fine ? read(known, word, assertion) : unknownWord(assertion, word);
    },
}));
return { expect: chai.expect, chai };
})

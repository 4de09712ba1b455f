// require() of the libraries that newman bundles, from npm packages embedded in the program (libraries/package.json).
// CommonJS as far as those packages need it. What is not embedded is a script error that names the library.
(function (core) {
'use strict';

const { host, need, global } = core;

// Names that scripts use, and where they are. Empty: a stand-in for a Node module that a package only touches.
const kNames = {
    lodash: 'lodash/lodash.js', lodash3: 'lodash3/index.js', 'crypto-js': 'crypto-js/crypto-js.js', chai: 'chai/chai.js',
    moment: 'moment/moment.js', tv4: 'tv4/tv4.js', ajv: 'ajv/dist/ajv.bundle.js', uuid: '@uuid',
    xml2js: 'xml2js/lib/xml2js.js', sax: 'sax/lib/sax.js', events: 'events/events.js', atob: '@atob', btoa: '@btoa',
    buffer: '@buffer', timers: '@timers', stream: '@empty', string_decoder: '@empty', xmlbuilder: '@empty',
    'postman-collection': '@postman-collection', 'csv-parse/lib/sync': 'csv-parse/lib/sync.js',
    'chai-postman': 'chai-postman/lib/index.js', util: '@util', backbone: 'backbone/backbone.js',
    underscore: 'underscore/underscore-umd.js', jquery: '@empty',
};
const cache = new Map();

const builtins = {
    '@empty': () => ({}),
    '@atob': () => need('buffer').atob,
    '@btoa': () => need('buffer').btoa,
    '@buffer': () => ({ Buffer: need('buffer').Buffer }),
    '@timers': () => ({ setImmediate: (callback) => core.setTimer(callback, null, false) }),
    '@util': () => ({ inherits: (child, parent) => { Object.setPrototypeOf(child.prototype, parent.prototype); } }),
    '@postman-collection': () => need('sdk'),
    '@uuid': () => {
        const v4 = () => host.dynamic('$guid');
        return Object.assign(v4, { v4, v1: v4 });
    },
};

const join = (from, path) => {
    const parts = from.split('/').slice(0, -1);
    for (const part of path.split('/')) {
        if (part === '..') parts.pop();
        else if (part !== '.') parts.push(part);
    }
    return parts.join('/');
};

const resolve = (name, from) => {
    if (!name.startsWith('.')) return kNames[name] || name;
    const path = join(from, name);
    return [path, `${path}.js`, `${path}/index.js`].find((each) => host.hasLibrary(each)) || path;
};

const load = (name, from) => {
    const path = resolve(String(name), from || '');
    if (cache.has(path)) return cache.get(path).exports;
    const module = { exports: {} };
    if (builtins[path]) {
        module.exports = builtins[path]();
        cache.set(path, module);
        return module.exports;
    }
    if (!host.hasLibrary(path)) {
        const error = new Error(`Cannot find module '${name}'`);
        error.code = 'MODULE_NOT_FOUND';
        throw error;
    }
    cache.set(path, module);
    host.library(path).call(module.exports, module, module.exports, (other) => load(other, path), global,
                            { env: {}, nextTick: (callback) => core.setTimer(callback, null, false) },
                            need('buffer').Buffer);
    return module.exports;
};

return {
    load: (name) => load(name),
    xml2Json: (text) => {
        let result = {};
        load('xml2js').parseString(text, { explicitArray: false, async: false, trim: true, mergeAttrs: false },
                                   (_, parsed) => { result = parsed; });
        return result;
    },
};
})

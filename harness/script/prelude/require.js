// require() of the libraries that newman bundles, from npm packages embedded in the program (libraries/package.json).
// CommonJS as far as those packages need it. What is not embedded is a script error that names the library.
(function (core) {
'use strict';

const { host, need, global } = core;

// Names that differ from the package's, packages with one file for everything, and stand-ins (with @).
const kNames = {
    ajv: 'ajv/dist/ajv.bundle.js', atob: '@atob', backbone: 'backbone/backbone.js', btoa: '@btoa',
    chai: 'chai/chai.js',
    'crypto-js': 'crypto-js/crypto-js.js', fs: '@empty', lodash: 'lodash/lodash.js', lodash3: 'lodash3/index.js',
    moment: 'moment/moment.js', path: 'path-browserify', 'postman-collection': '@postman-collection',
    querystring: 'querystring-es3', jquery: '@empty', stream: '@stream', timers: '@timers', tv4: 'tv4/tv4.js',
    underscore: 'underscore/underscore-umd.js', uuid: '@uuid',
};
const cache = new Map();

const builtins = {
    '@empty': () => ({}),
    '@atob': () => core.atob,
    '@btoa': () => core.btoa,
    // What packages extend; readable-stream itself asks for it.
    '@stream': () => {
        const { EventEmitter } = load('events');
        const Stream = function () { EventEmitter.call(this); };
        Stream.prototype = Object.create(EventEmitter.prototype, { constructor: { value: Stream } });
        for (const name of ['Readable', 'Writable', 'Duplex', 'Transform', 'PassThrough']) {
            Object.defineProperty(Stream, name, { get: () => load('readable-stream')[name] });
        }
        return Object.assign(Stream, { Stream });
    },
    '@timers': () => ({ setImmediate: (callback) => core.setTimer(callback, null, false) }),
    '@postman-collection': () => need('sdk'),
    '@uuid': () => {
        const v4 = () => host.dynamic('$guid');
        return Object.assign(v4, { v4, v1: v4 });
    },
};

const join = (folder, path) => {
    const parts = folder ? folder.split('/') : [];
    for (const part of path.split('/')) {
        if (part === '..') parts.pop();
        else if (part !== '.' && part !== '') parts.push(part);
    }
    return parts.join('/');
};
const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const file = (path) => [path, `${path}.js`, `${path}.json`, `${path}/index.js`].find((each) => host.hasLibrary(each));
const inPackage = (folder) => {
    const manifest = `${folder}/package.json`;
    const main = host.hasLibrary(manifest) && host.library(manifest).main;
    return file(main ? join(folder, main) : folder);
};

// The file that `name` means in the file `from`; undefined when there is none.
const resolve = (wanted, from) => {
    const name = wanted.replace(/\/$/, '');
    if (name.startsWith('.')) {
        const path = join(folderOf(from), name);
        return file(path) || inPackage(path);
    }
    for (let folder = folderOf(from); folder; folder = folderOf(folder)) {
        const nested = `${folder}/node_modules/${name}`;
        const found = file(nested) || inPackage(nested);
        if (found) return found;
    }
    const known = kNames[name];
    if (known && builtins[known]) return known;
    const path = known || name;
    return (path.endsWith('.js') && file(path)) || inPackage(path) || file(path);
};

const load = (name, from) => {
    const path = resolve(String(name), from || '');
    if (path === undefined) {
        const error = new Error(`Cannot find module '${name}'`);
        error.code = 'MODULE_NOT_FOUND';
        throw error;
    }
    if (cache.has(path)) return cache.get(path).exports;
    const module = { exports: {} };
    cache.set(path, module);
    if (builtins[path]) module.exports = builtins[path]();
    else if (path.endsWith('.json')) module.exports = host.library(path);
    else {
        const setImmediate = (callback) => core.setTimer(callback, null, false);
        const process = { env: {}, browser: true, nextTick: (callback, ...args) => setImmediate(() => callback(...args)) };
        host.library(path).call(module.exports, module, module.exports, (other) => load(other, path), global, process,
                                setImmediate, core.console);
    }
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

// require() of the libraries that the small sandbox has, from npm packages embedded in the program
// (libraries/package.json). CommonJS as far as those packages need it. A suite that asks for another library runs in
// the complete sandbox (../vocabulary.cc).
(function (core) {
'use strict';

const { host, global } = core;

// Packages with one file for everything.
const kNames = {
    ajv: 'ajv/dist/ajv.bundle.js', chai: 'chai/chai.js', 'crypto-js': 'crypto-js/crypto-js.js',
    lodash: 'lodash/lodash.js', lodash3: 'lodash3/index.js', moment: 'moment/moment.js', tv4: 'tv4/tv4.js',
};
const cache = Object.create(null);  // path -> module

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
    const path = known || name;
    return (path.endsWith('.js') && file(path)) || inPackage(path) || file(path);
};

const load = (name, from) => {
    const path = resolve(String(name), from || '');
    if (path !== undefined) return loadFile(path);
    const error = new Error(`Cannot find module '${name}'`);
    error.code = 'MODULE_NOT_FOUND';
    throw error;
};
const loadFile = (path) => {
    if (path in cache) return cache[path].exports;
    const module = { exports: {} };
    cache[path] = module;
    host.loaded(`lib/${path}`);
    if (path.endsWith('.json')) module.exports = host.library(path);
    else {
        const setImmediate = (callback) => core.setTimer(callback, null, false);
        const process = { env: {}, browser: true, nextTick: (callback, ...args) => setImmediate(() => callback(...args)) };
        host.library(path).call(module.exports, module, module.exports, (other) => load(other, path), global, process,
                                setImmediate, core.console);
    }
    return module.exports;
};

return { load: (name) => load(name), preload: loadFile };
})

// The sandbox of a run: what a script finds in scope, and how it is called. Evaluates to a function of the native
// `host` object; its result is what context.cc calls. One instance a run, so implicit globals of one script are seen
// by the next, and nothing else of the run's state is.
//
// Source of every behaviour: newman 6.2.2 (postman-sandbox 4.7.1), observed from outside.
(function (host) {
'use strict';

const LOCAL = 0, DATA = 1, ENVIRONMENT = 2, COLLECTION = 3, GLOBALS = 4;
const PASSED = 0, FAILED = 1, SKIPPED = 2;
const global = globalThis;
const NativeJSON = JSON, apply = Reflect.apply, keysOf = Object.keys;

// --- modules: files of this folder and npm packages, evaluated at most once a run -----------------------------------

const modules = Object.create(null);
const need = (name) => {
    if (!(name in modules)) {
        modules[name] = host.module(name)(core);
        host.loaded(name);
    }
    return modules[name];
};

// --- variables ------------------------------------------------------------------------------------------------------
// Values live on the native side. An object set by a script stays that very object until the script ends; then it
// passes through JSON, as everything does between two scripts.

const objects = [null, null, null, null, null];  // per scope: Map of key -> {value, dirty}

const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');

const readScope = (scope, key, whole) => {
    const held = objects[scope] && objects[scope].get(key);
    if (held) return typeof held.value === 'function' ? held.value() : held.value;
    const value = host.get(scope, key, whole);
    if (isObject(value)) hold(scope, key, value, scope === LOCAL);
    return value;
};
const hold = (scope, key, value, dirty) => {
    (objects[scope] || (objects[scope] = new Map())).set(key, { value, dirty });
};
const writeScope = (scope, key, value) => {
    if (objects[scope]) objects[scope].delete(key);
    if (typeof value === 'bigint' || typeof value === 'symbol') value = String(value);
    if (!host.set(scope, key, value)) hold(scope, key, value, true);
};
const flushScopes = () => {
    for (let scope = 0; scope < objects.length; ++scope) {
        if (!objects[scope]) continue;
        for (const [key, held] of objects[scope]) {
            if (!held.dirty || !host.has(scope, key)) continue;
            let json;
            try { json = NativeJSON.stringify(held.value); } catch (_) { json = undefined; }
            host.setJson(scope, key, json === undefined ? 'null' : json);
        }
        objects[scope] = null;
    }
};

const asText = (value) => {
    if (value === null) return 'null';
    return value === undefined || typeof value.toString !== 'function' ? '' : value.toString();
};

class VariableScope {
    constructor(scope, cycle) {
        Object.defineProperty(this, 'scope', { value: scope });
        Object.defineProperty(this, 'cycle', { value: cycle });
    }
    // A function that leaked from an earlier script still holds that script's scopes: what it sets reaches no one.
    get stale() { return this.cycle !== current; }
    layers() { return this.scope === LOCAL ? [LOCAL, DATA, ENVIRONMENT, COLLECTION, GLOBALS] : [this.scope]; }
    has(key) { return this.layers().some((scope) => host.has(scope, String(key))); }
    get(key) {
        key = String(key);
        if (this.scope !== LOCAL) return readScope(this.scope, key);
        const scope = this.layers().find((layer) => host.has(layer, key));
        return readScope(scope === undefined ? LOCAL : scope, key);
    }
    set(key, value) { if (!this.stale) writeScope(this.scope, String(key), value); }
    unset(key) {
        if (this.stale) return;
        if (objects[this.scope]) objects[this.scope].delete(String(key));
        host.unset(this.scope, String(key));
    }
    clear() {
        if (this.stale) return;
        objects[this.scope] = null;
        host.clear(this.scope);
    }
    toObject() {
        const all = {};
        for (const scope of this.layers().reverse()) for (const key of host.keys(scope)) all[key] = readScope(scope, key, true);
        return all;
    }
    toJSON() { return { values: keysOf(this.toObject()).map((key) => ({ type: 'any', value: this.get(key), key })) }; }
    replaceIn(template) {
        if (typeof template === 'string') return replace(template, this.layers());
        if (Array.isArray(template)) return template.map((part) => this.replaceIn(part));
        if (!isObject(template)) return template;
        const out = {};
        for (const key of keysOf(template)) out[key] = this.replaceIn(template[key]);
        return out;
    }
    get name() { return this.scope === ENVIRONMENT ? host.environmentName() : undefined; }
    get values() {
        const { PropertyList, Variable } = need('sdk');
        return new PropertyList(Variable, keysOf(this.toObject()).map((key) => ({ key, value: this.get(key) })));
    }
}

const replace = (text, scopes) => {
    for (let round = 0; round < 19; ++round) {
        const before = text;
        text = text.replace(/\{\{([^{}]*?)}}/g, (match, key) => {
            const scope = scopes.find((each) => host.has(each, key));
            if (scope !== undefined) return asText(readScope(scope, key));
            const made = host.dynamic(key);
            if (made === undefined) readScope(LOCAL, key);  // an unknown name is a read too
            return made === undefined ? match : made;
        });
        if (text === before) break;
    }
    return text;
};

const scopeOf = (cycle, scope) => cycle.scopes[scope] || (cycle.scopes[scope] = new VariableScope(scope, cycle));

// --- JSON, as newman hands it to scripts: a byte order mark is dropped, errors are JSONErrors ------------------------

const withoutMark = (text) => (typeof text === 'string' && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
const parseJson = (text, reviver, strict) => {
    try {
        const plain = withoutMark(text);
        if (strict && plain !== text) throw SyntaxError('Unexpected byte order mark found in first 1 character(s)');
        return NativeJSON.parse(plain, reviver);
    } catch (error) {
        error.name = 'JSONError';
        throw error;
    }
};
const liquidJson = { parse: parseJson, stringify: (...args) => NativeJSON.stringify(...args) };

// --- response -------------------------------------------------------------------------------------------------------

class Response {
    // `source`: null after a failed request; {code, status, time, size, headers(), text()} otherwise
    constructor(source) {
        Object.defineProperty(this, 'source', { value: source, enumerable: false });
        this.id = undefined;
        if (source) {
            this.status = source.status;
            this.code = source.code;
            this.responseTime = source.time;
            this.responseSize = source.size;
        }
    }
    get headers() { return remember(this, 'headers', need('sdk').headerList(this.source ? this.source.headers() : [])); }
    get cookies() { return remember(this, 'cookies', need('sdk').cookieList([])); }
    text() { return this.source ? this.source.text() : undefined; }
    json(reviver, strict) { return parseJson(this.text(), reviver, strict); }
    jsonp(reviver, strict) {
        return parseJson(this.text().replace(/^[^{(].*\(/, '').replace(/\)[^}].*$|\)$/, ''), reviver, strict);
    }
    reason() { return this.status || host.reason(this.code) || undefined; }
    details() {
        const known = need('require').load('http-reasons').lookup(this.code);
        return { ...known, name: this.status, code: this.code, standardName: known.name };
    }
    size() {
        const header = `HTTP/X.X ${this.code} ${this.reason()}\r\n\r\n`.length + this.headers.contentSize();
        const body = this.responseSize || 0;
        return { body, header, total: body + header };
    }
    mime() { throw new Error('`Response#mime` has been discontinued, use `Response#contentInfo` instead.'); }
    contentInfo() { return need('sdk').contentInfo(this); }
    encoding() { return { format: this.headers.get('Content-Encoding'), source: 'header' }; }
    get to() { return expect(this).to; }
    // What chai shows of newman's, whose first field, a GUID, leaves room for nothing more.
    [Symbol.for('chai/inspect')]() { return `PostmanResponse{ …(${this.source ? 10 : 5}) }`; }
    toJSON() {
        return { id: this.id, status: this.status, code: this.code, header: this.headers.toJSON(), cookie: [],
                 responseTime: this.responseTime, responseSize: this.responseSize };
    }
}

const remember = (object, name, value) => {
    Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: true });
    return value;
};

const nativeResponse = () => {
    const facts = host.response();  // [code, status, time, size], undefined after a failed request
    if (!facts) return null;
    return { code: facts[0], status: facts[1] || undefined, time: facts[2], size: facts[3],
             headers: host.headers, text: host.text, bytes: host.bytes };
};

// --- chai, loaded when a script first asks for it ---------------------------------------------------------------------

const expect = (...args) => need('assertions').expect(...args);

// --- pm.test ----------------------------------------------------------------------------------------------------------

const messageOf = (error) => (isObject(error) && 'message' in error ? String(error.message) : String(error));
const record = (name, error, status) => {
    if (status === FAILED) host.record(name, FAILED, messageOf(error), isObject(error) && error.name ? String(error.name) : '');
    else host.record(name, status, '', '');
};

const makeTest = (pm, cycle) => {
    const test = (title, body) => {
        const name = String(title);
        ++cycle.assertions;
        if (typeof body !== 'function') {
            record(name, null, PASSED);
        } else if (body.length) {
            let failed = false;
            const done = (error) => {
                if (failed) return;
                if (error) record(name, error, FAILED);
                else record(name, null, PASSED);
            };
            try { body(done); } catch (error) {
                failed = true;
                record(name, error, FAILED);
            }
        } else {
            let caught = null, passed = true;
            try { body(); } catch (error) { caught = error; passed = false; }
            record(name, caught, passed ? PASSED : FAILED);
        }
        return pm;
    };
    test.skip = (title) => {
        ++cycle.assertions;
        record(String(title), null, SKIPPED);
        return pm;
    };
    test.index = () => cycle.assertions;
    return test;
};

// --- pm ---------------------------------------------------------------------------------------------------------------

class Pm {
    constructor(cycle) { Object.defineProperty(this, 'cycle', { value: cycle }); }
    get globals() { return scopeOf(this.cycle, GLOBALS); }
    get environment() { return scopeOf(this.cycle, ENVIRONMENT); }
    get collectionVariables() { return scopeOf(this.cycle, COLLECTION); }
    get variables() { return scopeOf(this.cycle, LOCAL); }
    get iterationData() { return scopeOf(this.cycle, DATA); }
    get test() { return remember(this, 'test', makeTest(this, this.cycle)); }
    get expect() { return remember(this, 'expect', need('assertions').expect); }
    get response() { return remember(this, 'response', this.cycle.isTest ? responseOf(this.cycle) : undefined); }
    get request() { return remember(this, 'request', requestOf(this.cycle)); }
    get cookies() { return remember(this, 'cookies', cookiesOf(this.cycle)); }
    get info() {
        const facts = host.info();
        const value = (of) => ({ value: of || undefined, enumerable: false });
        return remember(this, 'info', Object.defineProperties({}, {
            eventName: value(this.cycle.isTest ? 'test' : 'prerequest'), iteration: { value: facts[0] },
            iterationCount: { value: facts[1] }, requestName: value(facts[2]), requestId: value(facts[3]) }));
    }
    get execution() {
        const { cycle } = this;
        const location = host.location();
        Object.defineProperty(location, 'current', { value: location.pop() });
        return remember(this, 'execution', {
            location,
            setNextRequest: (name) => host.next(name),
            skipRequest: () => {
                if (cycle.isTest) throw new TypeError('pm.execution.skipRequest is not a function');
                finish();
                host.skip();
                timers.clear();
                sealed = true;
            },
        });
    }
    get visualizer() {
        const check = (what, value, type) => {
            if (value && typeof value !== type) {
                throw new Error(`Invalid ${what.toLowerCase()}. ${what} must be ${type === 'string' ? 'of type string' : 'an object'}, found ${typeof value}`);
            }
        };
        return remember(this, 'visualizer', {
            set: (template, data, options) => {
                if (typeof template !== 'string') check('Template', template || 1, 'string');
                check('Data', data, 'object');
                check('Options', options, 'object');
            },
            clear: () => {},
        });
    }
    sendRequest(request, callback) {
        if (!request) {
            if (typeof callback === 'function') apply(callback, this, [new Error('sendrequest: nothing to request')]);
            return this;
        }
        const id = host.send(NativeJSON.stringify(request));
        sends.set(id, { callback, pm: this });
        return this;
    }
}

const responseOf = (cycle) => cycle.response || (cycle.response = new Response(nativeResponse()));
const cookiesOf = (cycle) => cycle.cookies || (cycle.cookies = need('sdk').cookieList(cycle.isTest ? host.cookies() : []));
const requestOf = (cycle) => {
    if (!cycle.request) {
        cycle.request = need('sdk').request(host.request());
        cycle.requestBefore = NativeJSON.stringify(cycle.request);
        current.touched = true;
    }
    return cycle.request;
};

// --- the legacy interface -----------------------------------------------------------------------------------------------

const legacyScope = (scope) => {
    const all = {};
    for (const key of host.keys(scope)) all[key] = readScope(scope, key, true);
    return all;
};

const legacyRequest = (cycle) => {
    const request = requestOf(cycle), facts = host.info();
    return { id: facts[3], name: facts[2], description: request.description ? String(request.description) : undefined,
             headers: request.headers.toObject(true, false, true, true), method: request.method,
             url: request.url.toString(), data: need('sdk').legacyBody(request) };
};

const textOfValue = (value) => {
    const convert = (value === false || value) && typeof value.toString === 'function';
    return convert ? value.toString() : value;
};

const makePostman = (cycle) => {
    const access = (suffix, scope, legacyName) => ({
        [`set${suffix}Variable`]: (key, value) => {
            value = textOfValue(value);
            legacyOf(cycle, legacyName)[key] = value;
            scopeOf(cycle, scope).set(key, value);
        },
        [`get${suffix}Variable`]: (key) => scopeOf(cycle, scope).get(key),
        [`clear${suffix}Variable`]: (key) => {
            delete legacyOf(cycle, legacyName)[key];
            scopeOf(cycle, scope).unset(key);
        },
        [`clear${suffix}Variables`]: () => {
            const all = legacyOf(cycle, legacyName);
            for (const key of keysOf(all)) delete all[key];
            scopeOf(cycle, scope).clear();
        },
    });
    const postman = { ...access('Environment', ENVIRONMENT, 'environment'), ...access('Global', GLOBALS, 'globals'),
                      setNextRequest: (name) => host.next(name) };
    if (cycle.isTest) {
        postman.getResponseCookie = (name) => cookiesOf(cycle).one(String(name));
        postman.getResponseHeader = (name) => {
            const header = responseOf(cycle).headers.one(name);
            return header ? header.value : undefined;
        };
    }
    return postman;
};

const legacyOf = (cycle, name) => {
    if (!cycle.legacy[name]) cycle.legacy[name] = legacyScope(name === 'globals' ? GLOBALS : ENVIRONMENT);
    return cycle.legacy[name];
};

// --- console --------------------------------------------------------------------------------------------------------------

const shown = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (typeof value === 'function') return value.name ? `[Function: ${value.name}]` : '[Function]';
    if (!isObject(value)) return String(value);
    try { return NativeJSON.stringify(value); } catch (_) { return String(value); }
};
const console = {};
for (const level of ['log', 'warn', 'debug', 'info', 'error', 'clear']) {
    console[level] = (...values) => host.log(level, values.map(shown).join(' '));
}

// --- timers -----------------------------------------------------------------------------------------------------------------
// Real time: the native side sleeps until the earliest is due. A script ends when no timer and no request is pending.

let timers = null, sends = null;  // Maps, while a run uses the realm
let lastTimer = 0, sealed = false;

const addTimer = (callback, delay, repeat) => {
    if (sealed || typeof callback !== 'function') return undefined;
    delay = delay === null ? 0 : Math.max(1, Number(delay) || 1);
    timers.set(++lastTimer, { callback, due: host.now() + delay, repeat: repeat ? delay : 0 });
    return lastTimer;
};
const clearTimer = (id) => { timers.delete(id); };
const nextTimer = () => {
    let first = null;
    for (const [id, timer] of timers) if (first === null || timer.due < timers.get(first).due) first = id;
    return first;
};
const guarded = (callback, self, args) => {
    try { apply(callback, self, args); } catch (error) { report(error); }
};

// --- what a script sees ---------------------------------------------------------------------------------------------------

// A script's chai is the one behind pm.expect, with what Postman adds to it, whichever it asks for first.
const library = (name) => (name === 'chai' ? need('assertions').chai : need('require').load(name));
const atob = (text) => host.fromBase64(String(text));
const btoa = (text) => host.toBase64(String(text));
// In the order of kNames in compile.cc: the parameters of every script.
const makers = [
    (c) => c.pm, (c) => c.tests, (c) => legacyOf(c, 'globals'), (c) => legacyOf(c, 'environment'),
    (c) => legacyScope(DATA), (c) => legacyRequest(c),
    (c) => (c.isTest ? cookiesOf(c).all() : undefined),
    (c) => (c.isTest ? responseOf(c).headers.toPlainObject() : undefined),
    (c) => (c.isTest ? responseOf(c).responseTime : undefined), (c) => (c.isTest ? responseOf(c).details() : undefined),
    (c) => (c.isTest ? responseOf(c).text() : undefined),
    () => host.info()[0], (c) => makePostman(c),
    () => atob, () => btoa, () => liquidJson, () => console,
    () => (callback, delay) => addTimer(callback, delay, false), () => (callback, delay) => addTimer(callback, delay, true),
    () => (callback) => addTimer(callback, null, false),
    () => clearTimer, () => clearTimer, () => clearTimer,
    () => (name) => library(name),
];

// Libraries that newman puts in scope: loaded when first named.
const libraries = { _: 'lodash3', CryptoJS: 'crypto-js', tv4: 'tv4' };
const lazily = (name, get) => {
    Object.defineProperty(global, name, { configurable: true, get, set: (value) => remember(global, name, value) });
};
for (const name of keysOf(libraries)) lazily(name, () => library(libraries[name]));

let current = null;  // the cycle of the running script

// A bare assignment makes a global that later scripts see, if its script ended well and made it before it ended. Any
// other new global is undefined in all later scripts, whatever they assign to it.
let seen = null, hidden = null;  // Sets, likewise
const keepGlobals = (keep) => {
    if (!host.globalChanged() && hidden.size === 0) return;
    for (const name of keysOf(global)) {
        if (seen.has(name)) continue;
        if (keep && !hidden.has(name)) { seen.add(name); continue; }
        hidden.add(name);
        global[name] = undefined;
    }
};

const report = (error) => {
    if (error === undefined) return;
    const thrown = isObject(error);
    const line = thrown ? /script:(\d+)/.exec(String(error.stack)) : null;
    host.error(thrown && error.name ? String(error.name) : 'Error', messageOf(error), line ? Number(line[1]) : 0);
};

// Bits for the native side: 1 = timers or requests pending, 2 = finish() has something to do.
const state = () => (timers.size || sends.size ? 1 : 0) | (current.touched || objects.some(Boolean) ? 2 : 0);

const recordLegacy = () => {
    const recorded = host.recordTests(current.tests);
    if (recorded === 0) return;
    current.assertions += recorded;
    current.tests = {};
};

const run = (script, used, isTest) => {
    timers = new Map();
    sends = new Map();
    sealed = false;
    if (seen === null) {
        seen = new Set();
        hidden = new Set();
    }
    const cycle = { isTest, tests: {}, assertions: 0, legacy: {}, scopes: [], touched: false };
    cycle.pm = new Pm(cycle);
    current = cycle;
    const args = [];
    for (let i = 0; i < makers.length; ++i) args.push((used >>> i) & 1 ? makers[i](cycle) : undefined);
    keepGlobals(false);
    try {
        apply(script, {}, args);
        keepGlobals(true);
    } catch (error) {
        keepGlobals(false);
        recordLegacy();
        report(error);
        return state();
    }
    recordLegacy();
    return state();
};

const finish = () => {
    flushScopes();
    if (current.request && !current.isTest) {
        const after = NativeJSON.stringify(current.request);
        if (after !== current.requestBefore) host.changeRequest(after);
    }
    current.touched = false;
};

const core = { host, need, has: (name) => name in modules, Response, expect, remember, parseJson, isObject, global, console, atob, btoa,
               cycle: () => current, setTimer: addTimer };

// Between two runs: the variables of this file as they were before the first. Calls nothing that a script can replace.
const reset = () => {
    timers = sends = seen = hidden = current = null;
    lastTimer = 0;
    sealed = false;
    for (let scope = 0; scope < 5; ++scope) objects[scope] = null;
};

return {
    run, state, finish, reset,
    // What an earlier run of the suite has loaded (host.loaded), before any script runs.
    prepare: (names) => {
        for (const name of names) {
            if (name.startsWith('lib/')) need('require').preload(name.slice(4));
            else need(name);
        }
        host.module('exercise')(core);
    },
    interrupted: () => { keepGlobals(false); recordLegacy(); },  // after a script was ended from outside: keep what it had set
    due: () => (timers.size ? timers.get(nextTimer()).due : -1),
    fire: () => {
        const id = nextTimer();
        const timer = timers.get(id);
        if (timer.repeat) timer.due = host.now() + timer.repeat;
        else timers.delete(id);
        guarded(timer.callback, {}, []);
        return state();
    },
    // The answer to pm.sendRequest: an error text, or the facts of a response.
    deliver: (id, error, facts, headers, text, bytes) => {
        const { callback, pm } = sends.get(id);
        sends.delete(id);
        if (typeof callback !== 'function') return state();
        const source = error === undefined
            ? { code: facts[0], status: facts[1] || undefined, time: facts[2], size: facts[3], headers: () => headers,
                text: () => text, bytes: () => bytes }
            : null;
        const failure = error === undefined ? null : Object.assign(new Error(error), { code: facts });
        guarded(callback, pm, [failure, new Response(source), { cookies: need('sdk').cookieList([]) }]);
        return state();
    },
    rejected: (reason) => report(reason),
};
})

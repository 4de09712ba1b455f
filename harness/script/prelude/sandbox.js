// The complete sandbox: newman's own (npm package postman-sandbox, embedded as its authors bundle it), for suites that
// use more of it than core.js knows. Evaluates to a function of the native `host` object, with the same result as
// core.js. One instance a run.
//
// The bundle expects a bare JavaScript context with timers and a bridge, an event emitter whose other end is newman's
// runner. This file is that other end: it turns the bridge's events into calls of `host` and back. A script is one
// `execute` event; it is over when the bundle sends `execution.result`.
(function (host) {
'use strict';

const LOCAL = 0, DATA = 1, ENVIRONMENT = 2, COLLECTION = 3, GLOBALS = 4;
const PASSED = 0, FAILED = 1, SKIPPED = 2;
const global = globalThis;
const NativeJSON = JSON, { apply } = Reflect, keysOf = Object.keys, NativeMap = Map;
const isObject = (value) => value !== null && typeof value === 'object';
const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
// What newman sends over the bridge passes through JSON.
const plain = (value) => {
    const json = NativeJSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));
    return json === undefined ? undefined : NativeJSON.parse(json);
};

// --- timers: the native side sleeps until the earliest is due ----------------------------------------------------------

const kExpiry = 1e12;  // the script's own time limit, which the native side keeps: see `expire`
const timers = new NativeMap();
let lastTimer = 0, expire = null;

const setTimer = (callback, delay, repeat) => {
    if (typeof callback !== 'function') return undefined;
    if (delay === kExpiry) {
        expire = callback;
        return 0;
    }
    // Node's rule: what is no number of at least a millisecond is one.
    const wait = delay === null ? 0 : delay >= 1 && delay <= 2147483647 ? Number(delay) : 1;
    timers.set(++lastTimer, { callback, due: host.now() + wait, repeat: repeat ? wait : 0 });
    return lastTimer;
};
const clearTimer = (id) => { timers.delete(id); };
const nextTimer = () => {
    let first = null;
    for (const [id, timer] of timers) if (first === null || timer.due < timers.get(first).due) first = id;
    return first;
};
Object.assign(global, {
    setTimeout: (callback, delay) => setTimer(callback, delay, false),
    setInterval: (callback, delay) => setTimer(callback, delay, true),
    setImmediate: (callback) => setTimer(callback, null, false),
    clearTimeout: clearTimer, clearInterval: clearTimer, clearImmediate: clearTimer,
});

// --- console ---------------------------------------------------------------------------------------------------------------

const shown = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (typeof value === 'function') return value.name ? `[Function: ${value.name}]` : '[Function]';
    if (!isObject(value)) return String(value);
    try { return NativeJSON.stringify(value); } catch (_) { return String(value); }
};
global.console = {};
for (const level of ['log', 'warn', 'debug', 'info', 'error', 'clear']) {
    global.console[level] = (...values) => host.log(level, values.map(shown).join(' '));
}

// --- the bridge ------------------------------------------------------------------------------------------------------------

const listeners = new NativeMap();
const bridge = {
    on: (name, listener) => {
        if (!listeners.has(name)) listeners.set(name, []);
        listeners.get(name).push(listener);
    },
    once: (name, listener) => bridge.on(name, listener),  // "initialize" alone
    off: (name) => listeners.delete(name),
    dispatch: (name, ...args) => {
        if (name.startsWith('execution.cookies.')) return cookies(...args);
        if (name.startsWith('execution.request.')) return send(...args);
        if (name.startsWith('execution.result.')) return finished(...args);
        if (name.startsWith('execution.skipRequest.')) { skipping = true; return undefined; }
        return apply(heard[name] || ignore, null, args);
    },
};
const ignore = () => {};
const emit = (name, ...args) => {
    for (const listener of [...(listeners.get(name) || [])]) apply(listener, bridge, args);
};
global.bridge = bridge;

const heard = {
    'execution.error': (_, error) => report(error),
    'execution.assertion': (_, assertions) => {
        for (const { name, skipped, passed, error } of assertions) {
            if (skipped) host.record(name, SKIPPED, '', '');
            else if (passed) host.record(name, PASSED, '', '');
            else host.record(name, FAILED, messageOf(error), isObject(error) && error.name ? String(error.name) : '');
        }
    },
};

const messageOf = (error) => (isObject(error) && 'message' in error ? String(error.message) : String(error));
const report = (error) => {
    if (error === undefined || error === null || expiring) return;
    // The bundle makes scripts functions by Function(): their text begins three lines into it.
    const stack = isObject(error) ? / line \d+ > Function:(\d+)/.exec(String(error.stack)) : null;
    const line = stack ? Number(stack[1]) - 3 : error instanceof SyntaxError ? error.lineNumber - 3 : 0;
    host.error(isObject(error) && error.name ? String(error.name) : 'Error', messageOf(error), Math.max(line, 0));
};

// --- the script that runs ----------------------------------------------------------------------------------------------------

let current = null;  // {id, isTest, done, request}
let skipping = false, expiring = false;
const sends = new NativeMap();  // number of the request at the native side -> event of the bundle

const send = (_, id, event, request) => {
    if (id === current.id) sends.set(host.send(NativeJSON.stringify(request)), event);
};

const cookies = (event, action, method, args) => {
    const answer = NativeJSON.parse(host.cookieStore(method, NativeJSON.stringify(args)));
    emit(`execution.cookies.${current.id}`, event, answer.error, answer.result);
};

const variables = (scope) => ({ values: NativeJSON.parse(host.scope(scope)) });
const write = (scope, key, value) => {
    if (isObject(value)) host.setJson(scope, key, NativeJSON.stringify(value));
    else host.set(scope, key, value);
};
const dataRow = () => {
    const row = {};
    for (const { key, value } of NativeJSON.parse(host.scope(DATA))) row[key] = value;
    return row;
};

const response = () => {
    const facts = host.response();
    return facts ? responseOf(facts, host.headers(), host.bytes()) : undefined;
};
const responseOf = (facts, headers, bytes) => {
    const header = [];
    for (let i = 0; i < headers.length; i += 2) header.push({ key: headers[i], value: headers[i + 1] });
    return { id: host.dynamic('$guid'), code: facts[0], status: facts[1] || undefined, header,
             stream: Buffer.from(bytes, 'latin1'), responseTime: facts[2], responseSize: facts[3] };
};

// Takes over what the script changed, as newman's runner does.
const finished = (_, execution) => {
    if (current.done) return;
    current.done = true;
    const changes = (scope, tracked) => {
        const { compacted } = plain(tracked.mutations);
        for (const key of keysOf(compacted)) {
            const [name, ...value] = compacted[key];
            if (value.length) write(scope, String(name), value[0]);
            else host.unset(scope, String(name));
        }
    };
    changes(ENVIRONMENT, execution.environment);
    changes(COLLECTION, execution.collectionVariables);
    changes(GLOBALS, execution.globals);
    host.clear(LOCAL);
    for (const { key, value } of plain(execution._variables).values) write(LOCAL, key, value);
    const wishes = plain(execution.return);
    if (has(wishes, 'nextRequest')) host.next(wishes.nextRequest);
    if (!current.isTest) {
        const after = NativeJSON.stringify(execution.request);
        if (after !== current.request) host.changeRequest(after);
    }
    if (skipping) host.skip();
};

const state = () => (!current.done && (timers.size || sends.size) ? 1 : 0);

let sdk = null, Buffer = null;
const boot = () => {
    host.module('es2023');
    host.module('postman-sandbox');
    sdk = global.require('postman-collection');
    ({ Buffer } = global.require('buffer'));
    emit('initialize', {});
};

const run = (source, _, isTest) => {
    if (sdk === null) boot();
    timers.clear();
    sends.clear();
    skipping = expiring = false;
    const id = host.dynamic('$guid'), [iteration, cycles, itemName, itemId] = host.info();
    const request = NativeJSON.parse(host.request()), path = host.location(), owner = path.pop();
    current = { id, isTest, done: false,
                request: isTest ? undefined : NativeJSON.stringify(new sdk.Request(request)) };
    try {
        emit('execute', id, { listen: isTest ? 'test' : 'prerequest', script: { exec: source } }, {
            request, data: dataRow(), cookies: NativeJSON.parse(host.cookieList()), ...(isTest && { response: response() }),
            _variables: variables(LOCAL), collectionVariables: variables(COLLECTION), globals: variables(GLOBALS),
            environment: { ...variables(ENVIRONMENT), name: host.environmentName() },
        }, { debug: true, timeout: kExpiry, cursor: { iteration, cycles, execution: id },
             legacy: { _itemId: itemId, _itemName: itemName || undefined, _itemPath: path, _eventItemName: owner } });
    } catch (error) {
        report(error);
    }
    return state();
};

// Ends a script that is not over: what it had set stays.
const giveUp = () => {
    expiring = true;
    timers.clear();
    if (current && !current.done && expire) expire();
    sends.clear();
};

const guarded = (callback, ...args) => {
    try { callback(...args); } catch (error) { report(error); }
    return state();
};

return {
    run, state,
    finish: giveUp,
    interrupted: giveUp,
    due: () => (timers.size ? timers.get(nextTimer()).due : -1),
    fire: () => {
        const id = nextTimer(), timer = timers.get(id);
        if (timer.repeat) timer.due = host.now() + timer.repeat;
        else timers.delete(id);
        return guarded(timer.callback);
    },
    // The answer to a request of the script: an error text and its code, or the facts of a response.
    deliver: (number, error, facts, headers, _, bytes) => {
        const event = sends.get(number), name = `execution.response.${current.id}`;
        sends.delete(number);
        if (error === undefined) return guarded(emit, name, event, null, responseOf(facts, headers, bytes), { cookies: [] });
        return guarded(emit, name, event, { message: error, code: facts || undefined });
    },
    rejected: report,
};
})

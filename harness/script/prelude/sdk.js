// The parts of Postman's collection objects that scripts touch: property lists, headers, URLs, requests, cookies.
// Loaded when a script first asks for one. The native side speaks the collection format's JSON.
//
// Source of names and behaviour: postman-collection 4.4.0 as newman 6.2.2 shows it to scripts, observed.
(function (core) {
'use strict';

const { host, remember, isObject } = core;
const keysOf = Object.keys;

class PropertyList {
    constructor(Type, entries) {
        Object.defineProperty(this, 'Type', { value: Type });
        this.members = [];
        this.populate(entries);
    }
    key(text) { return this.Type.ignoresCase ? String(text).toLowerCase() : String(text); }
    keyOf(member) { return this.key(member.key === undefined ? member.name : member.key); }
    made(item) { return item instanceof this.Type ? item : new this.Type(item); }
    populate(entries) {
        if (typeof entries === 'string') entries = this.Type.parse ? this.Type.parse(entries) : [entries];
        if (!isObject(entries)) return;
        for (const entry of Array.isArray(entries) ? entries : [entries]) this.add(entry);
    }
    repopulate(entries) { this.clear(); this.populate(entries); }
    add(item) { if (item !== null && item !== undefined) this.members.push(this.made(item)); }
    append(item) { this.add(item); }
    prepend(item) { this.members.unshift(this.made(item)); }
    insert(item, before) {
        const at = before === undefined ? -1 : this.indexOf(before);
        if (at < 0) this.add(item);
        else this.members.splice(at, 0, this.made(item));
    }
    insertAfter(item, after) { this.members.splice(this.indexOf(after) + 1, 0, this.made(item)); }
    upsert(item) {
        if (item === null || item === undefined) return null;
        const existing = this.one(item.key);
        if (existing) { existing.update(item); return false; }
        this.add(item);
        return true;
    }
    assimilate(source) { for (const item of source.members || source) this.upsert(item); }
    remove(rule, self) {
        let gone = rule;
        if (typeof rule === 'string') gone = (member) => this.keyOf(member) === this.key(rule);
        else if (rule instanceof this.Type) gone = (member) => member === rule;
        if (typeof gone === 'function') this.members = this.members.filter((...args) => !gone.apply(self || this, args));
    }
    clear() { this.members = []; }
    all() { return this.members.slice(); }
    one(name) {
        for (let i = this.members.length - 1; i >= 0; --i) {
            if (this.keyOf(this.members[i]) === this.key(name)) return this.members[i];
        }
        return Object.prototype[this.key(name)];  // postman-collection looks the name up in an object
    }
    get(name) { const member = this.one(name); return member && member.valueOf(); }
    has(item, value) {
        if (typeof item !== 'string') return this.members.includes(item);
        const same = this.members.filter((member) => this.keyOf(member) === this.key(item));
        return arguments.length === 1 ? same.length > 0 : same.some((member) => member.valueOf() === value);
    }
    each(visit, self) { this.members.forEach(visit, self); }
    forEach(visit, self) { this.members.forEach(visit, self); }
    filter(rule, self) { return this.members.filter(matcher(rule), self); }
    find(rule, self) { return this.members.find(matcher(rule), self); }
    map(make, self) { return this.members.map(make, self); }
    reduce(step, start) { return this.members.reduce(step, start); }
    count() { return this.members.length; }
    idx(index) { return this.members[index]; }
    indexOf(item) { return this.members.indexOf(typeof item === 'string' ? this.one(item) : item); }
    toObject(excludeDisabled, caseSensitive, multiValue, sanitizeKeys) {
        const all = {};
        for (const member of this.members) {
            const own = member.key === undefined ? member.name : member.key;
            if ((excludeDisabled && member.disabled) || (sanitizeKeys && !own)) continue;
            const key = this.Type.ignoresCase && !caseSensitive ? String(own).toLowerCase() : own;
            const several = (this.Type.repeats || multiValue) && Object.hasOwn(all, key);
            if (several) all[key] = [].concat(all[key], [member.valueOf()]);
            else all[key] = member.valueOf();
        }
        return all;
    }
    toPlainObject() {  // the legacy responseHeaders: the last of a name counts
        const all = {};
        for (const member of this.members) if (!member.disabled) all[member.key] = member.value;
        return all;
    }
    contentSize() { return this.members.length ? this.Type.unparse(this.members).length : 0; }
    toString() { return this.Type.unparse ? this.Type.unparse(this.members) : String(this.members); }
    toJSON() { return this.members.map((member) => (typeof member.toJSON === 'function' ? member.toJSON() : { ...member })); }
    [Symbol.iterator]() { return this.members[Symbol.iterator](); }
}

const matcher = (rule) => {
    if (typeof rule === 'function') return rule;
    return (member) => keysOf(rule).every((key) => member[key] === rule[key]);
};

class Variable {
    constructor(from) { this.type = 'any'; this.update(from); }
    update(from) { this.key = from.key; this.value = from.value; }
    get() { return this.value; }
    set(value) { this.value = value; }
    valueOf() { return this.value; }
    toString() { return String(this.value); }
}

// A name and a value; what Header, QueryParam and FormParam share.
class Pair {
    constructor(from) { this.update(from); }
    update(from) {
        if (typeof from === 'string') from = this.constructor.parseSingle(from);
        Object.assign(this, from);
    }
    valueOf() { return this.value; }
    toJSON() {
        const out = {};
        for (const key of keysOf(this)) if (this[key] !== undefined) out[key] = this[key];
        return out;
    }
}

class Header extends Pair {
    constructor(from, name) { super(typeof name === 'string' ? { key: name, value: from } : from); }
    update(from) {
        super.update(from);
        this.key = this.key || '';
        if (this.value === undefined) this.value = '';
    }
    toString() { return `${this.key}: ${this.value}`; }
    static parseSingle(text) {
        const at = text.indexOf(':');
        return at < 0 ? { key: text.trim(), value: '' } : { key: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
    }
    static parse(text) {
        return text.split(/\r?\n/).filter((line) => /^\S+:/.test(line)).map(Header.parseSingle);
    }
    static unparse(headers) { return headers.filter((h) => !h.disabled).map((h) => `${h.key}: ${h.value}\r\n`).join(''); }
}
Header.ignoresCase = true;
Header.repeats = true;

class QueryParam extends Pair {
    valueOf() { return typeof this.value === 'string' ? this.value : ''; }
    toString() { return QueryParam.unparseSingle(this); }
    static parseSingle(text) {
        const at = text.indexOf('=');
        return at < 0 ? { key: text, value: null } : { key: text.slice(0, at), value: text.slice(at + 1) };
    }
    static parse(text) { return text.split('&').map(QueryParam.parseSingle); }
    static unparseSingle({ key, value }) {
        const escaped = (part, also) => part.replace(also, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
        return (typeof key === 'string' ? escaped(key, /[&#=]/g) : '') +
               (typeof value === 'string' ? `=${escaped(value, /[&#]/g)}` : '');
    }
    static unparse(params) { return [...params].filter((p) => p.disabled !== true).map(QueryParam.unparseSingle).join('&'); }
}
QueryParam.repeats = true;

class FormParam extends Pair {
    static parse(text) { return QueryParam.parse(text); }
}
FormParam.repeats = true;

class Url {
    constructor(from) { this.update(from); }
    update(from) {
        const parts = typeof from === 'string' ? host.parseUrl(from) : from || {};
        const listed = typeof parts.toJSON === 'function' ? parts.toJSON() : parts;
        this.auth = listed.auth;
        this.protocol = listed.protocol;
        this.port = listed.port;
        this.path = typeof listed.path === 'string' ? listed.path.replace(/^\//, '').split('/') : listed.path;
        this.hash = listed.hash;
        this.host = typeof listed.host === 'string' ? listed.host.split('.') : listed.host;
        this.query = new PropertyList(QueryParam, listed.query || []);
        this.variables = new PropertyList(Variable, listed.variable || []);
    }
    addQueryParams(params) { this.query.populate(params); }
    removeQueryParams(params) {
        const names = [].concat(params).map((param) => (isObject(param) ? param.key : param));
        this.query.remove((param) => names.includes(param.key));
    }
    getHost() { return Array.isArray(this.host) ? this.host.join('.') : String(this.host || ''); }
    getPath(unresolved) {
        return `/${(this.path || []).map((segment) => {
            const name = !unresolved && /^:([^.]*)/.exec(segment);
            const value = name && name[1] && this.variables.get(name[1]);
            return value && typeof value === 'string' ? value + segment.slice(name[0].length) : segment;
        }).join('/')}`;
    }
    getQueryString() { return QueryParam.unparse(this.query.members); }
    getPathWithQuery() {
        const query = this.getQueryString();
        return this.getPath() + (query ? `?${query}` : '');
    }
    getRemote(forcePort) {
        const port = this.port || (forcePort ? (this.protocol === 'https' ? '443' : '80') : '');
        return port ? `${this.getHost()}:${port}` : this.getHost();
    }
    toString(forceProtocol) {
        let text = '';
        const protocol = this.protocol || (forceProtocol ? 'http' : '');
        if (protocol) text += protocol.endsWith('://') ? protocol : `${protocol}://`;
        if (this.auth && (typeof this.auth.user === 'string' || typeof this.auth.password === 'string')) {
            const password = typeof this.auth.password === 'string' ? `:${this.auth.password}` : '';
            text += `${this.auth.user || ''}${password}@`;
        }
        text += this.getHost();
        if (this.port !== undefined && this.port !== null) text += `:${this.port}`;
        if (this.path) text += this.getPath();
        if (this.query.members.some((param) => !param.disabled)) text += `?${this.getQueryString()}`;
        if (typeof this.hash === 'string') text += `#${this.hash}`;
        return text;
    }
    toJSON() {
        const out = {};
        for (const key of ['protocol', 'auth', 'port', 'path', 'hash', 'host']) {
            if (this[key] !== undefined) out[key] = this[key];
        }
        return { ...out, query: this.query.toJSON(), variable: this.variables.toJSON() };
    }
    static parse(text) { return host.parseUrl(text); }
}

class RequestBody {
    constructor(from) { this.update(from); }
    update(from) {
        if (typeof from === 'string') from = { mode: 'raw', raw: from };
        if (!from || !from.mode) return;
        this.mode = from.mode;
        this.raw = from.mode === 'raw' ? from.raw || '' : from.raw;
        this.urlencoded = from.urlencoded || from.mode === 'urlencoded' ? list(QueryParam, from.urlencoded) : undefined;
        this.formdata = from.formdata || from.mode === 'formdata' ? list(FormParam, from.formdata) : undefined;
        this.file = typeof from.file === 'string' ? { src: from.file } : from.file;
        this.graphql = from.graphql || (from.mode === 'graphql' ? {} : undefined);
        this.options = isObject(from.options) ? from.options : undefined;
        this.disabled = from.disabled;
    }
    isEmpty() {
        const data = this.mode && this[this.mode];
        if (!data) return true;
        if (this.mode === 'file') return !(data.src || data.content);
        if (typeof data === 'string') return data.length === 0;
        return typeof data.count === 'function' ? data.count() === 0 : keysOf(data).length === 0;
    }
    toString() {
        if (this.mode === 'urlencoded') return QueryParam.unparse(this.urlencoded.members);
        return this.mode === 'raw' && this.raw ? this.raw.toString() : '';
    }
    toJSON() {
        const out = {};
        for (const key of ['mode', 'raw', 'urlencoded', 'formdata', 'file', 'graphql', 'options', 'disabled']) {
            const value = this[key];
            if (value !== undefined) out[key] = value instanceof PropertyList ? value.toJSON() : value;
        }
        return out;
    }
}

const list = (Type, from) => new PropertyList(Type, from instanceof PropertyList ? from.members : from || []);

class RequestAuth {
    constructor(from) {
        this.type = from && from.type;
        for (const key of keysOf(from || {})) if (key !== 'type') this.update(from[key], key);
    }
    update(options, type = this.type) {
        if (!isObject(options)) return;
        const entries = Array.isArray(options) || options instanceof PropertyList
            ? options : keysOf(options).map((key) => ({ key, value: options[key] }));
        if (!this[type]) this[type] = new PropertyList(Variable, []);
        this[type].assimilate(entries);
    }
    use(type, options) { this.type = type; this.update(options || {}, type); }
    parameters() { return this[this.type]; }
    toJSON() {
        const out = {};
        for (const key of keysOf(this)) out[key] = this[key] instanceof PropertyList ? this[key].toJSON() : this[key];
        return out;
    }
}

class Request {
    constructor(from) {
        const shape = typeof from === 'string' ? { url: from } : from || {};
        this.url = new Url(shape.url);
        this.headers = list(Header, shape.header);
        this.method = String(shape.method || 'GET').toUpperCase();
        if (shape.body) this.body = new RequestBody(shape.body);
        if (shape.auth) this.auth = new RequestAuth(shape.auth);
        if (shape.description) this.description = new Description(shape.description);
    }
    update(from) {
        if (!from) return;
        if (from.url !== undefined) this.url.update(from.url);
        if (from.header) this.headers.repopulate(from.header);
        if (from.method !== undefined) this.method = String(from.method || 'GET').toUpperCase();
        if (from.body) this.body = new RequestBody(from.body);
        if (from.auth) this.auth = new RequestAuth(from.auth);
    }
    addHeader(header) { this.headers.add(header); }
    upsertHeader(header) {
        if (!header || !header.key) return;
        const existing = this.headers.members.find((each) => each.key === header.key);
        if (existing) existing.value = header.value;
        else this.headers.add(header);
    }
    removeHeader(header, options) {
        const fold = (text) => (options && options.ignoreCase ? String(text).toLowerCase() : String(text));
        const name = fold(isObject(header) ? header.key : header);
        if (name) this.headers.remove((each) => fold(each.key) === name);
    }
    getHeaders(options = {}) {
        return this.headers.toObject(options.enabled, !options.ignoreCase, options.multiValue, options.sanitizeKeys);
    }
    forEachHeader(visit) { this.headers.all().forEach((header) => visit(header, this)); }
    addQueryParams(params) { this.url.addQueryParams(params); }
    removeQueryParams(params) { this.url.removeQueryParams(params); }
    authorizeUsing(type, options) {
        if (isObject(type)) [type, options] = [type.type, options || type[type.type]];
        if (type === null) delete this.auth;
        else { this.auth = new RequestAuth({ type }); this.auth.use(type, options); }
    }
    size() {
        const body = this.body ? this.body.toString().length : 0;
        const header = `${this.method} ${this.url.getPathWithQuery()} HTTP/X.X\r\n\r\n`.length + this.headers.contentSize();
        return { body, header, total: body + header, source: 'COMPUTED' };
    }
    get to() { return core.expect(this).to; }
    clone() { return new Request(this.toJSON()); }
    toJSON() {
        const json = (value) => (value && typeof value.toJSON === 'function' ? value.toJSON() : value);
        const out = {};
        if (this.description) out.description = json(this.description);
        // Scripts may assign plain values: a text as URL or body, an array as headers.
        out.url = json(typeof this.url === 'string' ? new Url(this.url) : this.url);
        const headers = Array.isArray(this.headers) ? list(Header, this.headers) : this.headers;
        if (headers && headers.members.length) out.header = headers.toJSON();
        out.method = this.method;
        if (this.body) out.body = json(this.body);
        if (this.auth) out.auth = json(this.auth);
        return out;
    }
}

class Description {
    constructor(from) {
        this.content = typeof from === 'string' ? from : from.content;
        this.type = (isObject(from) && from.type) || 'text/plain';
    }
    toString() { return this.content || ''; }
    toJSON() { return { content: this.content, type: this.type }; }
}

class Cookie {
    constructor(from) { Object.assign(this, from); }
    valueOf() {
        try { return decodeURIComponent(this.value); } catch (_) { return this.value; }
    }
    toString() { return `${this.name}=${this.value}`; }
}

Cookie.ignoresCase = true;
Cookie.repeats = true;

class CookieList extends PropertyList {
    constructor(entries) { super(Cookie, entries); }
    jar() {
        throw new Error('pm.cookies.jar() is not supported here: send the cookies with a request, or set a Cookie header');
    }
    toString() { return this.members.map(String).join('; '); }
}

const pairs = (flat) => {
    const out = [];
    for (let i = 0; i < flat.length; i += 2) out.push({ key: flat[i], value: flat[i + 1] });
    return out;
};

const kCharset = /charset=([^;\s]+)/i;

return {
    PropertyList, Variable, Header, QueryParam, FormParam, Url, RequestBody, RequestAuth, Request, Cookie, CookieList,
    headerList: (flat) => new PropertyList(Header, pairs(flat)),
    cookieList: (flat) => new CookieList(pairs(flat).map(({ key, value }) => (
        { name: key, domain: host.domain(), path: '/', secure: false, httpOnly: false, hostOnly: true, value }))),
    request: (json) => new Request(JSON.parse(json)),
    legacyBody: (request) => {
        const { body } = request;
        if (!body || body.isEmpty()) return {};
        if (body.mode === 'raw') return body.raw || {};
        if (body.mode === 'file') return (body.file && body.file.content) || {};
        if (body.mode !== 'urlencoded' && body.mode !== 'formdata') return {};
        const data = {};
        for (const { key, value, disabled } of body[body.mode]) {
            if (disabled) continue;
            if (data[key]) data[key] = [].concat(data[key], [value]);
            else data[key] = value;
        }
        return data;
    },
    contentInfo: (response) => {
        const type = response.headers.get('Content-Type') || 'text/plain';
        const mime = type.split(';')[0].trim().toLowerCase();
        const charset = (kCharset.exec(type) || [null, 'utf8'])[1].toLowerCase();
        const [mimeType, extension] = mime.includes('/') ? mime.split('/') : [mime, ''];
        const json = /[/+]json$/.test(mime);
        return { contentType: mime, mimeType: json ? 'text' : mimeType, mimeFormat: json ? 'json' : extension, charset,
                 fileExtension: extension, fileName: `response.${extension}` };
    },
};
})

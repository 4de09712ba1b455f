// Buffer, atob and btoa as Node scripts use them: text in four encodings, concatenation, comparison.
(function (core) {
'use strict';

const { host } = core;
const kHex = '0123456789abcdef';

const utf8Bytes = (text) => {
    const raw = host.utf8(String(text));  // one byte a character
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
};
const latin1 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 4096));
    return text;
};
const fromBase64 = (text) => Uint8Array.from(host.fromBase64(text), (c) => c.charCodeAt(0));

class Buffer extends Uint8Array {
    static from(value, encoding, length) {
        if (typeof value === 'string') return Buffer.wrap(decode(value, encoding));
        if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
        if (value && value.type === 'Buffer' && Array.isArray(value.data)) return Buffer.wrap(value.data);
        if (value && typeof value.length === 'number') return Buffer.wrap(value);
        throw new TypeError('The first argument must be a string, an array, a Buffer or an ArrayBuffer');
    }
    static wrap(bytes) {
        const buffer = new Buffer(bytes.length);
        buffer.set(bytes);
        return buffer;
    }
    static alloc(size, fill, encoding) {
        const buffer = new Buffer(size);
        if (typeof fill === 'number') buffer.fill(fill);
        else if (fill) { const bytes = Buffer.from(fill, encoding); for (let i = 0; i < size; ++i) buffer[i] = bytes[i % bytes.length]; }
        return buffer;
    }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static isEncoding(name) { return /^(utf-?8|hex|base64(url)?|latin1|binary|ascii|utf16le|ucs-?2)$/i.test(name); }
    static byteLength(value, encoding) { return typeof value === 'string' ? decode(value, encoding).length : value.byteLength; }
    static concat(list, total) {
        const buffer = new Buffer(total === undefined ? list.reduce((sum, each) => sum + each.length, 0) : total);
        let at = 0;
        for (const each of list) { buffer.set(each.subarray(0, Math.max(0, buffer.length - at)), at); at += each.length; }
        return buffer;
    }
    static compare(a, b) { return a.compare(b); }
    compare(other) {
        for (let i = 0; i < Math.min(this.length, other.length); ++i) if (this[i] !== other[i]) return this[i] < other[i] ? -1 : 1;
        return Math.sign(this.length - other.length);
    }
    equals(other) { return this.compare(other) === 0; }
    slice(begin, end) { return this.subarray(begin, end); }
    write(text, offset = 0) { const bytes = utf8Bytes(text); this.set(bytes.subarray(0, this.length - offset), offset); return bytes.length; }
    toString(encoding, begin = 0, end = this.length) {
        const bytes = this.subarray(begin, end);
        switch (String(encoding || 'utf8').toLowerCase()) {
            case 'hex': return Array.from(bytes, (b) => kHex[b >> 4] + kHex[b & 15]).join('');
            case 'base64': return host.toBase64(latin1(bytes));
            case 'base64url': return host.toBase64(latin1(bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
            case 'latin1': case 'binary': return latin1(bytes);
            case 'ascii': return latin1(bytes.map((b) => b & 127));
            case 'utf16le': case 'ucs2': case 'ucs-2': return String.fromCharCode(...new Uint16Array(bytes.slice().buffer));
            default: return host.fromUtf8(latin1(bytes));
        }
    }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
}

const decode = (text, encoding) => {
    switch (String(encoding || 'utf8').toLowerCase()) {
        case 'hex': return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) || [], (pair) => parseInt(pair, 16));
        case 'base64': case 'base64url': return fromBase64(text);
        case 'latin1': case 'binary': case 'ascii': return Uint8Array.from(text, (c) => c.charCodeAt(0) & 255);
        case 'utf16le': case 'ucs2': case 'ucs-2':
            return new Uint8Array(Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)).buffer);
        default: return utf8Bytes(text);
    }
};

return {
    Buffer,
    atob: (text) => host.fromBase64(String(text)),
    btoa: (text) => {
        const raw = String(text);
        // As the npm module "btoa": a text is taken as one byte a character.
        return host.toBase64(Array.from(raw, (c) => String.fromCharCode(c.charCodeAt(0) & 255)).join(''));
    },
};
})

// What Node 20 has and SpiderMonkey 102 has not. Defined as the engine would: not enumerable.
(function () {
'use strict';

const define = (object, methods) => {
    for (const name of Object.keys(methods)) {
        if (!(name in object)) {
            Object.defineProperty(object, name, { value: methods[name], writable: true, configurable: true });
        }
    }
};

const searches = {
    findLast(test, self) {
        for (let i = this.length - 1; i >= 0; --i) if (test.call(self, this[i], i, this)) return this[i];
        return undefined;
    },
    findLastIndex(test, self) {
        for (let i = this.length - 1; i >= 0; --i) if (test.call(self, this[i], i, this)) return i;
        return -1;
    },
};
const replaced = (copy, index, value) => {
    const at = Math.trunc(index) || 0, position = at < 0 ? copy.length + at : at;
    if (position < 0 || position >= copy.length) throw new RangeError('Invalid index');
    copy[position] = value;
    return copy;
};

define(Array.prototype, { ...searches,
    toReversed() { return Array.from(this).reverse(); },
    toSorted(compare) { return Array.from(this).sort(compare); },
    toSpliced(...args) {
        const copy = Array.from(this);
        copy.splice(...args);
        return copy;
    },
    with(index, value) { return replaced(Array.from(this), index, value); },
});
define(Object.getPrototypeOf(Int8Array.prototype), { ...searches,
    toReversed() { return this.slice().reverse(); },
    toSorted(compare) { return this.slice().sort(compare); },
    with(index, value) { return replaced(this.slice(), index, value); },
});

const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
define(String.prototype, {
    isWellFormed() { return String(this).search(lone) < 0; },
    toWellFormed() { return String(this).replace(lone, '\ufffd'); },
});

// V8's; the stack of the error it is called on is made where it is called.
define(Error, { captureStackTrace(target) { target.stack = new Error(target.message).stack; } });
})();

// Uses the language once, before any script: the engine makes some of what it has only when it is first needed, and
// what a run makes of that kind is a difference that keeps its realm from serving another run (pristine.h).
(function (core) {
'use strict';

const values = [1, 'a', null, { b: [2] }];
for (const value of [values, new Map([[1, 2]]), new Set(values), 'text', new Map([[1, 2]]).entries(), values.entries(),
                     'a-b'.matchAll(/[a-z]/g), new Uint8Array(2), new Set(values).values(), values.keys()]) {
    for (const each of value) void each;
}
const generator = function* () { yield* values; };
for (const each of generator()) void each;
const asynchronous = async function* () { yield 1; };
void [asynchronous, async () => {}, class A extends Array {}, class B { #c = 1; }];
void [/a(?<b>c)/.exec('ac'), 'abc'.replace(/b/, 'd'), 'a,b'.split(/,/), /x/y.test('x'), `${values.length}`];
void [new Date(0).toISOString()];
void [JSON.parse('{"a":[1,{"b":null}]}'), JSON.stringify(values), Object.entries({ a: 1 }), values.map(String), values.flat()];
void [new Proxy({}, {}), Reflect.ownKeys({}), new WeakMap(), new WeakSet(), Symbol.iterator, 1n, new ArrayBuffer(8)];
for (const Kind of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) void new Kind('a').stack;
(function () { void arguments.length; })(1);
void [Object.fromEntries([['a', 1]]), [...values], { ...values }, values.sort(), values.indexOf(2), Number('1'), parseInt('2', 10)];

// Functions of chai that replace themselves when first called.
if (core.has('assertions')) {
    const { expect } = core.need('assertions');
    // Made when they are needed: compiled code may keep these functions, and what they see.
    const things = () => [1, 'a', true, null, undefined, Symbol('s'), 1n, () => 1, /x/, new Date(0), new Error('e'), [1, 'a'],
                          { a: { b: [1, 'text'] } }, new Map([[1, { a: 1 }]]), new Set([2]), new Uint8Array(2), class A {}];
    const tried = [
        (it) => expect(it).to.equal({}), (it) => expect(it).to.not.eql(it), (it) => expect(it).to.be.an('nothing'),
        (it) => expect(it).to.include('z'), (it) => expect(it).to.have.property('missing'), (it) => expect(it).to.be.empty,
        (it) => expect(it).to.have.nested.property('a.b[0]', 2), (it) => expect(it).to.have.lengthOf(77),
        (it) => expect(it).to.have.keys('z'), (it) => expect(it).to.be.oneOf([it, 2]), (it) => expect(it).to.be.above(5),
        (it) => expect(it).to.match(/z/), (it) => expect(it).to.throw('z'), (it) => expect(it).to.be.instanceof(Promise),
        (it) => expect([it]).to.deep.include.members([{}]), (it) => expect({ a: it }).to.deep.equal({ a: {} }),
        (it) => expect(it).to.not.exist, (it) => expect(it, 'note').to.be.within(3, 4), (it) => expect(it).to.unknown,
    ];
    for (const attempt of tried) {
        for (const it of things()) {
            try { attempt(it); } catch (_) { /* whatever it says */ }
        }
    }
}
})

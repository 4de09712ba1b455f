// node quicken_chai.js CHAI OUT: chai with its flags copied natively.
//
// Every word of an assertion (`.to.be.a(...)`) makes a new assertion and copies some seven flags into it, one after the
// other. The two functions that do it are replaced by ones with the same result: the flags of a new assertion made
// as one object, and a copy by Object.assign, which for an object without a prototype is what for-in does.
'use strict';
const fs = require('fs');
const [from, to] = process.argv.slice(2);
let text = fs.readFileSync(from, 'utf8');

const replace = (old, instead) => {
    if (text.split(old).length !== 2) throw new Error(`${from}: not exactly once: ${old}`);
    text = text.replace(old, () => instead);
};
replace(`    flag(this, 'ssfi', ssfi || Assertion);
    flag(this, 'lockSsfi', lockSsfi);
    flag(this, 'object', obj);
    flag(this, 'message', msg);
    flag(this, 'eql', config.deepEqual || util.eql);
`, `    this.__flags = { __proto__: null, ssfi: ssfi || Assertion, lockSsfi: lockSsfi, object: obj, message: msg,
                     eql: config.deepEqual || util.eql };
`);
replace(`module.exports = function transferFlags(`, `var assign = Object.assign;
module.exports = function transferFlags(`);
replace(`  includeAll = arguments.length === 3 ? includeAll : true;

  for (var flag in flags) {`, `  includeAll = arguments.length === 3 ? includeAll : true;
  if (includeAll) {
    assign(object.__flags, flags);
    return;
  }

  for (var flag in flags) {`);
fs.writeFileSync(to, text);

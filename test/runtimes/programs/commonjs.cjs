// CommonJS: require takes the package's ES modules in Node from 20.19 on.
const { readFileSync } = require('node:fs');
const myelin = require('myelin');

const file = new Uint8Array(readFileSync('model.safetensors'));
import('./conformance.js')
  .then(({ conformance }) => conformance(myelin, file))
  .then(result => console.log(JSON.stringify(result)));

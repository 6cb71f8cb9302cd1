// The registry: every factory exported here is an initializer that layers know by name.
export { constant, ones, zeros } from './constant.js';
export { randomNormal, truncatedNormal } from './normal.js';
export { orthogonal } from './orthogonal.js';
export { randomUniform } from './uniform.js';
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
} from './varianceScaling.js';

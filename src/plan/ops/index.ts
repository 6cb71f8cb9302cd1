/** Every op by its name, for tests and benchmarks: whoever emits one imports it from its family. */
import * as batch from './batch.js';
import * as convolution from './convolution.js';
import * as dense from './dense.js';
import * as elementwise from './elementwise.js';
import * as embedding from './embedding.js';
import * as gradients from './gradients.js';
import * as loss from './loss.js';
import * as merge from './merge.js';
import * as noise from './noise.js';
import * as norm from './norm.js';
import * as optimizer from './optimizer.js';
import * as sequence from './sequence.js';

export const ops = {
  ...batch,
  ...convolution,
  ...dense,
  ...elementwise,
  ...embedding,
  ...gradients,
  ...loss,
  ...merge,
  ...noise,
  ...norm,
  ...optimizer,
  ...sequence,
};

import { defineInitializer } from './define.js';

/** Every value 0; the default for biases. */
export const zeros = defineInitializer('zeros', {
  defaults: {},
  fill: values => void values.fill(0),
});

/** Every value 1. */
export const ones = defineInitializer('ones', {
  defaults: {},
  fill: values => void values.fill(1),
});

/** Every value the same: `constant({ value: 0 })`. */
export const constant = defineInitializer('constant', {
  defaults: { value: 0 },
  fill: (values, { value }) => void values.fill(value),
});

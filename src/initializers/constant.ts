import { defineInitializer } from './define.js';

/** Every value 0; the default for biases. */
export const zeros = defineInitializer('zeros', {});

/** Every value 1. */
export const ones = defineInitializer('ones', {});

/** Every value the same: `constant({ value: 0 })`. */
export const constant = defineInitializer('constant', { value: 0 });

/** Predicts one row. */
export type Predict = (x: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** Each library's way from a folder with the model's files to a function that predicts. */
export const predictors: Readonly<Record<string, (folder: string) => Promise<Predict>>>;

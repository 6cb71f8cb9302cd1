/**
 * Rows that a schema checks and makes what they are: Zod's, Valibot's, ArkType's and whoever else's keeps to it.
 *
 * Source: https://standardschema.dev, version 1.
 */
import { allProblems, describe, quote, shorten, wrongType } from '../errors.js';
import { hasKey, isList } from '../kinds.js';

type Result<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema of a row. */
export interface RowSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export function checkSchema(where: string, schema: unknown): RowSchema {
  const standard: unknown = hasKey(schema, '~standard') ? schema['~standard'] : undefined;
  if (hasKey(standard, 'validate') && typeof standard.validate === 'function') return schema as unknown as RowSchema;
  throw wrongType(where, 'a Standard Schema, such as z.object({ … })', schema);
}

/**
 * The rows as the schema gives them.
 *
 * @throws where it refuses some, naming all of them with its own words
 */
export async function rowsBySchema(where: string, schema: RowSchema, rows: unknown): Promise<unknown[]> {
  const isRows = isList(rows) || (typeof rows === 'object' && rows !== null && Symbol.iterator in rows);
  if (!isRows) throw wrongType(where, 'rows, which the schema checks', rows, 'leave schema out for columns');
  const checked: unknown[] = [];
  const problems: string[] = [];
  let row = 0;
  for (const given of rows as Iterable<unknown>) {
    const result = await schema['~standard'].validate(given);
    if (result.issues === undefined) checked.push(result.value);
    for (const { message, path = [] } of result.issues ?? []) {
      const keys = path.map(key => (typeof key === 'object' ? key.key : key));
      const place = keys.length === 0 ? '' : `, column ${quote(keys.map(String).join('.'))}`;
      problems.push(
        `${where}: row ${row}${place}: ${typeof message === 'string' ? shorten(message, 80) : describe(message)}`,
      );
    }
    row++;
  }
  if (problems.length > 0) throw allProblems(problems);
  return checked;
}

/**
 * Writes what TensorBoard reads: records of protocol buffers, each with its length and masked checksums (TensorFlow's
 * record_writer.cc and event.proto).
 */
import { checkOptions } from '../errors.js';
import type { Bytes } from '../kinds.js';
import { type CallbackDefinition, checkText, filesOf, valueAt } from './callback.js';

export type TensorBoard = { readonly kind: 'tensorBoard'; readonly directory: string };

/** Writes the history's numbers into a new file of the directory, for TensorBoard; a step is an epoch. */
export function tensorBoard(options: { directory: string }): TensorBoard {
  checkOptions('tensorBoard', options, ['directory']);
  return Object.freeze({ kind: 'tensorBoard', directory: checkText('tensorBoard: directory', options.directory) });
}

/** CRC-32C (Castagnoli), a bit at a time: there are few bytes. */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function recordOf(data: Uint8Array): Bytes {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, checksum(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, checksum(data), true);
  return record;
}

/** A protocol buffer's field: of whole numbers `varint`, of 8 or 4 bytes `double` and `float`, else bytes. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
const ofFloat = (field: number, value: number) => [field * 8 + 5, ...new Uint8Array(Float32Array.of(value).buffer)];
const ofDouble = (field: number, value: number) => [field * 8 + 1, ...new Uint8Array(Float64Array.of(value).buffer)];
const ofBytes = (field: number, bytes: ArrayLike<number>) => {
  return [field * 8 + 2, ...varint(bytes.length), ...Array.from(bytes)];
};
const ofText = (field: number, text: string) => ofBytes(field, new TextEncoder().encode(text));

function event(fields: readonly number[]): Bytes {
  return recordOf(Uint8Array.from([...ofDouble(1, Date.now() / 1000), ...fields]));
}

export const tensorBoardCallback: CallbackDefinition<TensorBoard> = {
  options: ['directory'],
  configure: options => tensorBoard(options as { directory: string }),
  watch({ directory }) {
    let path = '';
    return {
      async begin(training) {
        const files = filesOf(training, 'tensorBoard: directory', 'use onEpoch');
        path = `${directory}/events.out.tfevents.${Math.floor(Date.now() / 1000)}.epoch${training.epoch}`;
        await files.makeFolder(directory);
        await files.write(path, event(ofText(3, 'brain.Event:2')));
      },
      async epoch(end, { keys, files }) {
        const values = keys.slice(1).flatMap(key => {
          return ofBytes(1, [...ofText(1, key), ...ofFloat(2, valueAt(end, key))]);
        });
        await files?.append(path, event([2 * 8, ...varint(end.epoch), ...ofBytes(5, values)]));
        return false;
      },
    };
  },
};

/** Readers of files, and what takes data apart: it needs no WebAssembly and is the same everywhere. */
export { type MixableData, type MixedData, type MixupOptions, mixup } from '../data/mixup.js';
export {
  type Fold,
  type FoldOptions,
  kFold,
  pick,
  type SplitOptions,
  type SplittableData,
  split,
  type WindowOptions,
  windows,
} from '../data/parts.js';
export {
  type TextMode,
  TextVectorizer,
  type TextVectorizerOptions,
  textVectorizer,
  type VectorizedTexts,
} from '../data/textVectorizer.js';
export type { NumberArray } from '../kinds.js';
export type { DataSource } from '../platform.js';
export type { ArrayData } from '../readers/arrays.js';
export type { ClassFiles, ClassFolderOptions } from '../readers/classFolder.js';
export { type CsvOptions, readCsv, streamCsv } from '../readers/csv.js';
export { type ClassIndices, type ColumnData, DataTable, type Row } from '../readers/dataTable.js';
export { type ChunkOptions, readIdx, streamIdx } from '../readers/idx.js';
export { type ImageOptions, type ImageRows, imageData } from '../readers/images/imageData.js';
export { type ImageFolderOptions, type LabelledImages, readImageFolder } from '../readers/images/imageFolder.js';
export { type JsonLinesOptions, readJsonLines, streamJsonLines } from '../readers/jsonLines.js';
export { readNpy, readNpz, streamNpy } from '../readers/npy.js';
export type { StreamOptions } from '../readers/options.js';
export { type ParquetOptions, readParquet, streamParquet } from '../readers/parquet.js';
export { type LogMelOptions, logMel, type Spectrogram } from '../readers/sound/logMel.js';
export { readWav, type Sound } from '../readers/sound/wav.js';
export { type LabelledWavs, readWavFolder, type WavOptions, type WavRows, wavData } from '../readers/sound/wavData.js';

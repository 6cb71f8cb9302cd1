/**
 * Texts taken apart, by Unicode's classes alone: no dictionary, no locale and no version of ICU has a say in it, so
 * that every engine gives the same for all characters that its Unicode knows.
 */

/** Scripts that set no blanks between words: each of their letters, with its marks, is taken for one. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map(name => `\\p{sc=${name}}`)
  .join('');
const LETTER = `(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}]`;
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:${LETTER})+(?:'(?:${LETTER})+)*`, 'gu');
/**
 * Letters, digits or other signs, each with the blank before it; further blanks apart. As GPT-2 cuts, without English
 * endings.
 */
const PIECE = / ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+/gu;

/** Words in lower case; marks of punctuation are between them, but for apostrophes within. */
export function wordsOf(text: string): string[] {
  return text.normalize('NFKC').replaceAll('’', "'").toLowerCase().match(WORD) ?? [];
}

/** Code points, letters and their marks put together where Unicode has a place for both. */
export function charactersOf(text: string): string[] {
  return [...composed(text)];
}

/** What is half of a character becomes U+FFFD, as it has no UTF-8, and so no place in a file. */
function composed(text: string): string {
  return text.normalize('NFC').replace(/\p{Cs}/gu, '\ufffd');
}

const encoder = new TextEncoder();

/** The pieces within which bytes are joined; each byte is the character of its number. */
export function piecesOf(text: string): string[] {
  return (composed(text).match(PIECE) ?? []).map(piece => {
    return Array.from(encoder.encode(piece), byte => String.fromCharCode(byte)).join('');
  });
}

/** The text of such bytes; what is no UTF-8, as where one was unknown, becomes U+FFFD. */
export function textOfBytes(bytes: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes, byte => byte.charCodeAt(0)));
}

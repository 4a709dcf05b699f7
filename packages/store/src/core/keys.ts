/** What a key may be, and the order of keys. */
import { assert } from '@stadion/base';
import { KEY_BYTES_MAX } from '../limits.ts';

/**
 * Checks a key that the program made; ids from outside are validated long before they become part of one.
 * @throws AssertionError when it is empty, longer than 1,024 bytes of UTF-8, or has half a surrogate pair
 */
export function assertKey(key: string): void {
  assert(key.length > 0, 'a key has at least one character');
  // Three bytes at most for each UTF-16 unit: nearly every key is proven short without counting.
  if (key.length * 3 > KEY_BYTES_MAX) {
    assert(utf8Length(key) <= KEY_BYTES_MAX, () => `the key ${key} is longer than ${KEY_BYTES_MAX} bytes`);
  }
  assert(
    !HIGH_UNIT.test(key) || !LONE_SURROGATE.test(key),
    'a key is well-formed text: half a surrogate pair has no bytes',
  );
}

/** Sorts keys in place; returns them. */
export function sortKeys(keys: string[]): string[] {
  // Without surrogates and what follows them the order of code units is the same, and engines have that built in.
  return keys.some((key) => HIGH_UNIT.test(key)) ? keys.sort(compareKeys) : keys.sort();
}

/** The order of keys: that of their UTF-8 bytes, which is that of their code points. */
function compareKeys(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  for (let index = 0; index < end; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return codePointRank(leftUnit) - codePointRank(rightUnit);
  }
  return left.length - right.length;
}

const HIGH_UNIT = /[\ud800-\uffff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Surrogates stand for the highest code points, though U+E000 to U+FFFF follow them among UTF-16 units. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Random ids. */
import type { Random } from '@stadion/base';

/** Lower-case hexadecimal digits, eight for each word; never all zeros, which stands for no id. */
export function randomHex(random: Random, words: number): string {
  let digits = '';
  for (let word = 0; word < words; word += 1) digits += random.uint32().toString(16).padStart(8, '0');
  return /^0+$/.test(digits) ? `${digits.slice(0, -1)}1` : digits;
}

/** z-base-32, the alphabet that Mesos-DNS writes hashes in. */

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';

/** The first `count` characters of the encoding of `bytes`. */
export function zbase32Prefix(bytes: Uint8Array, count: number): string {
  let text = '';
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff;
    bitCount += 8;
    while (bitCount >= 5 && text.length < count) {
      text += ALPHABET.charAt((bits >> (bitCount - 5)) & 31);
      bitCount -= 5;
    }
  }
  return text;
}

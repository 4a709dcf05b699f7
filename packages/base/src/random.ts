/** The port for randomness, and a seeded implementation with named streams. */
import { assert } from './assert.ts';

/** A source of random numbers. Each consumer takes its own named stream, so that one more draw here shifts nothing there. */
export interface Random {
  /** A uniform integer in [0, 2^32). */
  uint32(): number;
  /** A sequence of its own, derived from this source and the name. */
  stream(name: string): Random;
}

/** A uniform number in [0, 1). */
export function randomFraction(random: Random): number {
  return random.uint32() / 4_294_967_296;
}

/** A uniform integer in [0, bound). `bound` is at least 1. */
export function randomBelow(random: Random, bound: number): number {
  assert(bound >= 1, 'randomBelow needs a bound of at least 1');
  return Math.floor(randomFraction(random) * bound);
}

/** A random (version 4) UUID in lower case, RFC 9562 section 5.4. */
export function randomUuid(random: Random): string {
  const first = random.uint32();
  const second = random.uint32();
  const third = random.uint32();
  const fourth = random.uint32();
  // The version, 4, and the variant, binary 10, are in the highest bits of the second and third field.
  const version = 0x4000 | (second & 0x0fff);
  const variant = 0x8000 | ((third >>> 16) & 0x3fff);
  const start = `${hexOf(first >>> 16)}${hexOf(first & 0xffff)}-${hexOf(second >>> 16)}-${hexOf(version)}-${hexOf(variant)}-`;
  return `${start}${hexOf(third & 0xffff)}${hexOf(fourth >>> 16)}${hexOf(fourth & 0xffff)}`;
}

/** Sixteen bits as four digits. Most ids that there are come from here, by the million. */
function hexOf(bits: number): string {
  return (0x1_0000 + bits).toString(16).slice(1);
}

/** A deterministic source: the same seed gives the same numbers on every machine (sfc32, seeded by FNV-1a). */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private readonly seed: string;

  constructor(seed: string | number) {
    this.seed = String(seed);
    this.a = hash32(`a:${this.seed}`);
    this.b = hash32(`b:${this.seed}`);
    this.c = hash32(`c:${this.seed}`);
    for (let round = 0; round < 12; round += 1) this.uint32();
  }

  uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  stream(name: string): Random {
    return new SeededRandom(`${this.seed}/${name}`);
  }
}

function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash | 0;
}

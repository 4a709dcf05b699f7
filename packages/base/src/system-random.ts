/** Randomness from the operating system. */
import { randomFillSync } from 'node:crypto';
import { assert } from './assert.ts';
import type { Random } from './random.ts';

/** The operating system's random numbers, drawn in blocks. Streams are the source itself: there is no sequence to disturb. */
export class SystemRandom implements Random {
  private readonly block = new Uint32Array(1024);
  private next = this.block.length;

  uint32(): number {
    if (this.next === this.block.length) {
      randomFillSync(this.block);
      this.next = 0;
    }
    const value = this.block[this.next];
    this.next += 1;
    assert(value !== undefined, 'the block of random numbers ran over its end');
    return value;
  }

  stream(): Random {
    return this;
  }
}

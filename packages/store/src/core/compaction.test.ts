import { describe, expect, test } from 'vitest';
import { planCompaction, type SegmentSize } from './compaction.ts';

const LIMITS = { tinyBytes: 10, mergeFrom: 3, mergeMax: 4, partBytesMax: 25, slackBytes: 100 };

describe('making a journal smaller', () => {
  test('merges tiny neighbours, as many as fit into one part', () => {
    const segments = sizes([50, 5, 5, 50, 9, 9, 9, 1, 1, 1, 1]);
    expect(planCompaction(segments, 1_000, LIMITS)).toEqual({ type: 'merge', run: segments.slice(6, 10) });
    expect(planCompaction(sizes([5, 5, 50, 5, 5]), 1_000, LIMITS)).toBeUndefined();
  });

  test('moves what is current in the oldest segment while more than half of everything is outdated', () => {
    const segments = sizes([50, 50, 50]);
    expect(planCompaction(segments, 24, LIMITS)).toEqual({ type: 'rotate', segment: segments[0] });
    expect(planCompaction(segments, 25, LIMITS)).toBeUndefined();
    expect(planCompaction(sizes([500]), 0, LIMITS)).toBeUndefined();
  });
});

function sizes(bytes: readonly number[]): SegmentSize[] {
  return bytes.map((size, index) => ({ from: index + 1, to: index + 1, parts: 1, bytes: size }));
}

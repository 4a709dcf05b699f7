/**
 * Which segments of a journal to write anew. Two rules keep it small: neighbours that are tiny become one segment in
 * their place, and while more than half of everything is outdated, the oldest segment's live entries move to the end.
 */
import type { SegmentRange } from './segments.ts';

/** What is known of a segment. */
export interface SegmentSize extends SegmentRange {
  /** How many nodes it takes. */
  readonly parts: number;
  readonly bytes: number;
}

/** When to act. */
export interface CompactionLimits {
  /** Segments below this are tiny, bytes. */
  readonly tinyBytes: number;
  /** So many tiny neighbours are worth merging. */
  readonly mergeFrom: number;
  /** At most so many become one. */
  readonly mergeMax: number;
  /** A merged segment is one part of at most so many bytes. */
  readonly partBytesMax: number;
  /** Outdated bytes that nobody minds, beside as many as there are live ones. */
  readonly slackBytes: number;
}

/** What to do next. */
export type Compaction<Segment extends SegmentSize> =
  | { readonly type: 'merge'; readonly run: readonly Segment[] }
  | { readonly type: 'rotate'; readonly segment: Segment }
  | undefined;

/**
 * Decides one step.
 * @param segments all of them, by number
 * @param liveBytes what the current entries would take if nothing were outdated
 */
export function planCompaction<Segment extends SegmentSize>(
  segments: readonly Segment[],
  liveBytes: number,
  limits: CompactionLimits,
): Compaction<Segment> {
  let totalBytes = 0;
  let run: Segment[] = [];
  let runBytes = 0;
  let merge: readonly Segment[] | undefined;
  const endRun = (): void => {
    if (merge === undefined && run.length >= limits.mergeFrom) merge = run;
    run = [];
    runBytes = 0;
  };
  for (const segment of segments) {
    totalBytes += segment.bytes;
    if (segment.parts > 1 || segment.bytes >= limits.tinyBytes) {
      endRun();
      continue;
    }
    if (runBytes + segment.bytes > limits.partBytesMax || run.length >= limits.mergeMax) endRun();
    run.push(segment);
    runBytes += segment.bytes;
  }
  endRun();
  if (merge !== undefined) return { type: 'merge', run: merge };
  const oldest = segments[0];
  // The newest is never the oldest here: there must be something to be outdated by.
  if (oldest === undefined || segments.length < 2) return undefined;
  return totalBytes > 2 * liveBytes + limits.slackBytes ? { type: 'rotate', segment: oldest } : undefined;
}

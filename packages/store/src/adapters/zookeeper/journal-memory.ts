/** What the journal in ZooKeeper says, in memory: the present entry of every key, and the segments it came from. */
import { delay, type Timers } from '@stadion/base';
import type { SegmentSize } from '../../core/compaction.ts';
import type { SegmentEntry } from '../../core/segments.ts';
import { SEGMENT_ENTRIES_PER_TURN } from '../../limits.ts';

/** A segment that was read or written. */
export interface KnownSegment extends SegmentSize {
  readonly names: readonly string[];
}

/** A record, and which segment holds it. */
export interface KnownRecord {
  readonly version: number;
  readonly text: string;
  segment: KnownSegment;
}

/** Applies segments in the order of their numbers. */
export class JournalMemory {
  /** By key, in no order. */
  readonly records = new Map<string, KnownRecord>();
  segments: KnownSegment[] = [];
  /** What the present entries take, bytes, about. */
  liveBytes = 0;

  /** The highest number that was applied; 0 before the first. */
  get newest(): number {
    return this.segments.at(-1)?.to ?? 0;
  }

  clear(): void {
    this.records.clear();
    this.segments = [];
    this.liveBytes = 0;
  }

  /** Takes a segment that comes after all others. Gives way to the event loop while it is long. */
  async append(segment: KnownSegment, entries: readonly SegmentEntry[], timers: Timers): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      if (index > 0 && index % SEGMENT_ENTRIES_PER_TURN === 0) await delay(timers, 0);
      this.put(segment, entry);
    }
    this.segments.push(segment);
  }

  /** Takes note that neighbouring segments were written anew as one, which holds entries for these keys. */
  replace(run: readonly KnownSegment[], merged: KnownSegment, keys: Iterable<string>): void {
    const replaced = new Set(run);
    const first = this.segments.findIndex((segment) => replaced.has(segment));
    this.segments.splice(first, run.length, merged);
    for (const key of keys) {
      const record = this.records.get(key);
      if (record !== undefined && replaced.has(record.segment)) record.segment = merged;
    }
  }

  /** Takes note that the oldest segment is gone; nothing current is left in it. */
  dropOldest(): void {
    this.segments.shift();
  }

  private put(segment: KnownSegment, { key, version, text }: SegmentEntry): void {
    const former = this.records.get(key);
    if (former !== undefined) this.liveBytes -= sizeOf(key, former.text);
    if (text === undefined) {
      this.records.delete(key);
      return;
    }
    this.records.set(key, { version, text, segment });
    this.liveBytes += sizeOf(key, text);
  }
}

function sizeOf(key: string, text: string): number {
  return key.length + text.length + 8;
}

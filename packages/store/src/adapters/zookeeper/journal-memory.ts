/** What the journal in ZooKeeper says, in memory: the present entry of every key, and the segments it came from. */
import { delay, type Timers } from '@stadion/base';
import type { SegmentSize } from '../../core/compaction.ts';
import type { SegmentEntry, StoredSegment } from '../../core/segments.ts';
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

  /**
   * Takes note of what others have made of the segments meanwhile: who follows reads what is new, and hears nothing of
   * neighbours that became one, or of the oldest that went.
   * @param stored all that there are, by number
   */
  align(stored: readonly StoredSegment[]): void {
    const segments: KnownSegment[] = [];
    const instead = new Map<KnownSegment, KnownSegment>();
    let at = 0;
    for (const { from, to, parts } of stored) {
      while ((this.segments[at]?.from ?? Infinity) < from) at += 1;
      const run: KnownSegment[] = [];
      for (let known = this.segments[at]; known !== undefined && known.to <= to; known = this.segments[at]) {
        run.push(known);
        at += 1;
      }
      const [only] = run;
      if (only !== undefined && run.length === 1 && only.from === from && only.to === to) {
        segments.push(only);
        continue;
      }
      if (only === undefined) continue;
      // At most as large as those were together.
      const bytes = run.reduce((sum, known) => sum + known.bytes, 0);
      const merged = { from, to, names: parts, parts: parts.length, bytes };
      for (const known of run) instead.set(known, merged);
      segments.push(merged);
    }
    this.segments = segments;
    if (instead.size === 0) return;
    for (const record of this.records.values()) record.segment = instead.get(record.segment) ?? record.segment;
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

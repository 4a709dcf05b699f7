/** The journal in ZooKeeper: reads it, adds to it under an epoch, and writes it anew when it grows. */
import { assert, type PlatformError, type Timers } from '@stadion/base';
import { planCompaction } from '../../core/compaction.ts';
import {
  namesAbove,
  partNames,
  segmentsOf,
  type SegmentEntry,
  type SegmentRange,
  type StoredSegment,
} from '../../core/segments.ts';
import { staleEpoch, storeDamaged } from '../../errors.ts';
import { COMPACTION, SEGMENT_PART_BYTES_MAX, SEGMENT_READS_MAX, TRANSACTION_NODES_MAX } from '../../limits.ts';
import { JournalMemory, type KnownSegment } from './journal-memory.ts';
import type { Places } from './places.ts';
import { cutIntoParts, decodeSegment, encodeSegment } from './segment-codec.ts';
import { isConnectionLost, refusalIn, type NodeChange, type EnsembleSession } from './session.ts';

/** Parts of one transaction: two of the largest stay below the megabyte that ZooKeeper takes. */
const PARTS_PER_TRANSACTION = 2;

/** One cluster's journal. Writing is for the leader, one write at a time; reading is for everybody. */
export class Journal {
  readonly memory = new JournalMemory();
  private readonly places: Places;
  private readonly timers: Timers;

  constructor(places: Places, timers: Timers) {
    this.places = places;
    this.timers = timers;
  }

  /** Brings the memory up to what the ensemble has agreed on by now. */
  async refresh(session: EnsembleSession): Promise<void> {
    // A transaction goes through the ensemble's leader: what is read after it is no older.
    await this.transact(session, [{ type: 'check', path: this.places.epoch }]);
    for (;;) {
      const names = (await session.children(this.places.journal)) ?? [];
      const { segments } = segmentsOf(namesAbove(names, this.memory.newest));
      if ((names.length > 0 || this.memory.newest === 0) && (await this.readNew(session, segments))) return;
      this.memory.clear();
    }
  }

  /** Removes what leaders that died in the middle of a long commit left. Only the leader may. */
  async sweep(session: EnsembleSession, epoch: number): Promise<void> {
    const names = await session.children(this.places.journal);
    const { incomplete } = segmentsOf(names ?? []);
    await this.removeNodes(session, epoch, incomplete);
  }

  /** Learns which segments there are now: a leader writes them anew, and must not look for what another has replaced. */
  async align(session: EnsembleSession): Promise<void> {
    const { segments } = segmentsOf((await session.children(this.places.journal)) ?? []);
    this.memory.align(segments);
  }

  /** Adds a commit; once it resolves, it is on the disks of most servers. */
  async append(session: EnsembleSession, epoch: number, entries: readonly SegmentEntry[]): Promise<void> {
    const number = this.memory.newest + 1;
    const segment = await this.write(session, epoch, { from: number, to: number }, entries);
    await this.memory.append(segment, entries, this.timers);
  }

  /**
   * Prepares one step that keeps the journal small, if there is one to take: reads the segments that it is about, which
   * nobody changes and only the leader replaces, so that writes go on meanwhile.
   * @returns what takes the step; a write like any other
   */
  async prepareCompaction(session: EnsembleSession, epoch: number): Promise<(() => Promise<void>) | undefined> {
    const { segments, liveBytes } = this.memory;
    const step = planCompaction(segments, liveBytes, COMPACTION);
    if (step === undefined) return undefined;
    if (step.type === 'merge') {
      const contents = await this.entriesOf(session, step.run);
      return () => this.merge(session, epoch, step.run, contents);
    }
    const contents = await this.entriesOf(session, [step.segment]);
    return () => this.rotate(session, epoch, step.segment, contents);
  }

  /** @returns false when the segments do not follow on what was read: all must be read again */
  private async readNew(session: EnsembleSession, fresh: readonly StoredSegment[]): Promise<boolean> {
    const { memory } = this;
    const first = fresh[0];
    if (first === undefined) return true;
    if (memory.newest > 0 && first.from !== memory.newest + 1) return false;
    for (let start = 0; start < fresh.length; start += SEGMENT_READS_MAX) {
      const group = fresh.slice(start, start + SEGMENT_READS_MAX);
      const contents = await Promise.all(group.map((segment) => this.readSegment(session, segment)));
      for (const [index, segment] of group.entries()) {
        const bytes = contents[index];
        if (bytes === undefined) return false;
        if (memory.newest > 0 && segment.from !== memory.newest + 1) {
          throw damaged(segment, `segment ${String(memory.newest + 1)} is missing before it`);
        }
        const entries = decodeSegment(bytes);
        if (typeof entries === 'string') throw damaged(segment, entries);
        const { from, to, parts } = segment;
        await memory.append({ from, to, names: parts, parts: parts.length, bytes: bytes.length }, entries, this.timers);
      }
    }
    return true;
  }

  private async readSegment(session: EnsembleSession, segment: StoredSegment): Promise<Buffer | undefined> {
    const parts = await Promise.all(segment.parts.map((name) => session.read(`${this.places.journal}/${name}`)));
    const bytes: Buffer[] = [];
    for (const part of parts) {
      if (part === undefined) return undefined;
      bytes.push(part.data);
    }
    return Buffer.concat(bytes);
  }

  private async write(
    session: EnsembleSession,
    epoch: number,
    range: SegmentRange,
    entries: readonly SegmentEntry[],
    instead: readonly string[] = [],
  ): Promise<KnownSegment> {
    const bytes = encodeSegment(entries);
    const parts = cutIntoParts(bytes, SEGMENT_PART_BYTES_MAX);
    const names = partNames(range, parts.length);
    const creations = names.map((name, index): NodeChange => {
      return { type: 'create', path: `${this.places.journal}/${name}`, data: parts[index] ?? Buffer.alloc(0) };
    });
    const removals = instead.map((name): NodeChange => ({ type: 'remove', path: `${this.places.journal}/${name}` }));
    // The segment counts from its last part on: that one goes alone when there are more than fit together.
    for (let start = 0; start < creations.length; start += PARTS_PER_TRANSACTION) {
      const group = creations.slice(start, start + PARTS_PER_TRANSACTION);
      await this.fenced(session, epoch, [...removals, ...group]);
    }
    return { ...range, names, parts: parts.length, bytes: bytes.length };
  }

  /** Neighbours become one in their place. What was deleted stays noted, unless nothing older could name it. */
  private async merge(
    session: EnsembleSession,
    epoch: number,
    run: readonly KnownSegment[],
    contents: readonly SegmentEntry[],
  ): Promise<void> {
    const [first, last] = [run[0], run.at(-1)];
    assert(first !== undefined && last !== undefined, 'a merge has segments');
    const latest = new Map<string, SegmentEntry>();
    for (const entry of contents) latest.set(entry.key, entry);
    const isOldest = this.memory.segments[0] === first;
    const entries = [...latest.values()].filter((entry) => entry.text !== undefined || !isOldest);
    const range = { from: first.from, to: last.to };
    const gone = run.flatMap((segment) => segment.names);
    this.memory.replace(run, await this.write(session, epoch, range, entries, gone), latest.keys());
  }

  /** What is current in the oldest segment moves to the end, and the segment goes. */
  private async rotate(
    session: EnsembleSession,
    epoch: number,
    oldest: KnownSegment,
    contents: readonly SegmentEntry[],
  ): Promise<void> {
    const live = contents.filter(({ key }) => this.memory.records.get(key)?.segment === oldest);
    if (live.length > 0) await this.append(session, epoch, live);
    await this.removeNodes(session, epoch, oldest.names);
    this.memory.dropOldest();
  }

  /** @returns what the segments hold, in their order */
  private async entriesOf(
    session: EnsembleSession,
    segments: readonly KnownSegment[],
  ): Promise<readonly SegmentEntry[]> {
    const entries: SegmentEntry[] = [];
    for (let start = 0; start < segments.length; start += SEGMENT_READS_MAX) {
      const group = segments.slice(start, start + SEGMENT_READS_MAX);
      const contents = await Promise.all(
        group.map(({ from, to, names }) => this.readSegment(session, { from, to, parts: names })),
      );
      for (const [index, segment] of group.entries()) {
        const bytes = contents[index];
        if (bytes === undefined) throw damaged(segment, 'it is gone');
        const decoded = decodeSegment(bytes);
        if (typeof decoded === 'string') throw damaged(segment, decoded);
        for (const entry of decoded) entries.push(entry);
      }
    }
    return entries;
  }

  private async removeNodes(session: EnsembleSession, epoch: number, names: readonly string[]): Promise<void> {
    for (let start = 0; start < names.length; start += TRANSACTION_NODES_MAX) {
      const group = names.slice(start, start + TRANSACTION_NODES_MAX);
      await this.fenced(
        session,
        epoch,
        group.map((name) => ({ type: 'remove', path: `${this.places.journal}/${name}` })),
      );
    }
  }

  /**
   * Changes that take effect under this epoch only. After a lost connection they are made again: the names of segments
   * are used once, so whoever finds it done has done it.
   * @throws PlatformError `store-stale-epoch` or `store-unreachable`
   */
  private async fenced(session: EnsembleSession, epoch: number, changes: readonly NodeChange[]): Promise<void> {
    assert(epoch > 0, 'version 0 of the epoch would be no condition');
    for (let attempt = 1; ; attempt += 1) {
      try {
        await session.transact([{ type: 'check', path: this.places.epoch, version: epoch }, ...changes]);
        return;
      } catch (error) {
        if (isConnectionLost(error)) continue;
        const refusal = refusalIn(error);
        if (refusal === 'bad-version') throw staleEpoch(epoch, await this.newestEpoch(session));
        const wasDone = refusal === 'node-exists' || refusal === 'no-node';
        if (attempt > 1 && wasDone) return;
        throw refusal === undefined ? error : unexpected(error);
      }
    }
  }

  private async newestEpoch(session: EnsembleSession): Promise<number> {
    const node = await session.read(this.places.epoch);
    return node?.version ?? 0;
  }

  private async transact(session: EnsembleSession, changes: readonly NodeChange[]): Promise<void> {
    for (;;) {
      try {
        await session.transact(changes);
        return;
      } catch (error) {
        if (!isConnectionLost(error)) throw refusalIn(error) === undefined ? error : unexpected(error);
      }
    }
  }
}

function damaged(segment: SegmentRange, what: string): PlatformError {
  return storeDamaged('in ZooKeeper', `segment ${String(segment.from)}-${String(segment.to)} of the journal: ${what}`);
}

function unexpected(error: unknown): PlatformError {
  return storeDamaged('in ZooKeeper', `it refused a change (${refusalIn(error) ?? 'for no reason given'})`, error);
}

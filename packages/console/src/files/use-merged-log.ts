/** Reads the logs of many tasks side by side from their ends, further back when asked, and goes on while they grow. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { every } from '@stadion/base';
import { CHUNK_BYTES } from '../core/file-window.ts';
import { unread, withEarlier, withMore, type LogText } from '../core/log-text.ts';
import { FIRST_BYTES, linesOfEach, merged, type LogSource, type MergedLine } from '../core/merged-log.ts';
import { api } from '../data/api.ts';
import { time } from '../data/browser-time.ts';

const POLL_MS = 1_500;
/** Pieces of each log that are read at once, forward and back. */
const PIECES_AT_ONCE = 4;

/** The logs, as far as they are read. */
export interface MergedLogs {
  readonly lines: readonly MergedLine[];
  /** Whether each log was tried once. */
  readonly isRead: boolean;
  readonly isReadingBack: boolean;
  /** Logs that have more before what is read. */
  readonly withEarlier: number;
  /** Why logs could not be read, by task. */
  readonly problems: ReadonlyMap<string, string>;
  readonly readBack: () => void;
}

interface Reading {
  readonly path: string;
  log: LogText | undefined;
  problem: string | undefined;
  /** A task that has ended writes nothing more: its log is read to its end once. */
  isDone: boolean;
}

/** @param sources a list that stays the same as long as it says the same */
export function useMergedLog(sources: readonly LogSource[]): MergedLogs {
  const readings = useRef(new Map<string, Reading>());
  const wanted = useRef(sources);
  const [shown, setShown] = useState(NOTHING);
  const [isReadingBack, setIsReadingBack] = useState(false);
  const [tried, setTried] = useState<readonly LogSource[]>();
  const linesMax = linesOfEach(sources.length);

  useEffect(() => {
    const before = readings.current;
    wanted.current = sources;
    readings.current = new Map(
      sources.map(({ taskId, path }) => {
        const known = before.get(taskId);
        return [taskId, known?.path === path ? known : { path, log: undefined, problem: undefined, isDone: false }];
      }),
    );
    let isOver = false;
    let isBusy = false;
    let isFirst = true;
    async function readAll(): Promise<void> {
      if (isBusy) return;
      isBusy = true;
      const changed = await Promise.all(
        sources.map(async (source) => {
          const reading = readings.current.get(source.taskId);
          return reading !== undefined && !reading.isDone && readMore(source, reading, linesMax);
        }),
      );
      isBusy = false;
      if (isOver) return;
      setTried(sources);
      if (isFirst || changed.includes(true)) setShown(summaryOf(sources, readings.current, linesMax));
      isFirst = false;
    }
    void readAll();
    const timer = every(time, POLL_MS, () => void readAll());
    return () => {
      isOver = true;
      timer.cancel();
    };
  }, [sources, linesMax]);

  const readBack = useCallback(() => {
    setIsReadingBack(true);
    const all = sources.map(async (source) => {
      const reading = readings.current.get(source.taskId);
      if (reading !== undefined && canReadBack(reading, linesMax)) await readEarlier(source, reading);
    });
    void Promise.allSettled(all).then(() => {
      setIsReadingBack(false);
      // Otherwise the round of the other list shows what came of it.
      if (wanted.current === sources) setShown(summaryOf(sources, readings.current, linesMax));
    });
  }, [sources, linesMax]);

  return { ...shown, isRead: tried === sources, isReadingBack, readBack };
}

type Summary = Pick<MergedLogs, 'lines' | 'withEarlier' | 'problems'>;

const NOTHING: Summary = { lines: [], withEarlier: 0, problems: new Map() };

function summaryOf(sources: readonly LogSource[], readings: ReadonlyMap<string, Reading>, linesMax: number): Summary {
  const known = [...readings];
  return {
    lines: merged(sources, new Map(known.flatMap(([id, { log }]) => (log === undefined ? [] : [[id, log]])))),
    withEarlier: known.filter(([, reading]) => canReadBack(reading, linesMax)).length,
    problems: new Map(known.flatMap(([id, { problem }]) => (problem === undefined ? [] : [[id, problem]]))),
  };
}

function canReadBack({ log }: Reading, linesMax: number): boolean {
  return log !== undefined && log.from > 0 && !log.isCut && log.lines.length < linesMax;
}

/** A piece of a log, or its size when asked for what stands at -1. */
function ask({ agentId, path }: LogSource, offset: number, length?: number) {
  return api.readFile({ params: { agentId }, query: { path, offset, ...(length === undefined ? {} : { length }) } });
}

/** @returns whether anything is different now */
async function readMore(source: LogSource, reading: Reading, linesMax: number): Promise<boolean> {
  try {
    const { offset: size } = await ask(source, -1);
    const isFirst = reading.log === undefined;
    // Cut or written anew: what was known is of another file.
    const isOther = reading.log !== undefined && size < reading.log.to;
    if (reading.log === undefined || isOther) reading.log = unread(Math.max(0, size - FIRST_BYTES));
    const hasNews = isFirst || reading.problem !== undefined || reading.log.to < size;
    reading.problem = undefined;
    for (let pieces = 0; pieces < PIECES_AT_ONCE && reading.log.to < size; pieces += 1) {
      const at: number = reading.log.to;
      const asked = Math.min(CHUNK_BYTES, size - at);
      const { data } = await ask(source, at, asked);
      // Meanwhile somebody else may have read the same: a round that began before the list of logs changed.
      if (reading.log.to !== at) return true;
      reading.log = withMore(reading.log, data, asked, isFirst ? undefined : time.now(), linesMax);
    }
    reading.isDone = source.endedAt !== undefined && reading.log.to >= size;
    return hasNews;
  } catch (error) {
    // A log that cannot be read, e.g. of an agent that is away, does not keep the others.
    const problem = error instanceof Error ? error.message : 'It cannot be read';
    const isNews = problem !== reading.problem;
    reading.problem = problem;
    return isNews;
  }
}

async function readEarlier(source: LogSource, reading: Reading): Promise<void> {
  for (let pieces = 0; pieces < PIECES_AT_ONCE && reading.log !== undefined && reading.log.from > 0; pieces += 1) {
    const end: number = reading.log.from;
    const from = Math.max(0, end - CHUNK_BYTES);
    const { data } = await ask(source, from, end - from);
    // Begun anew meanwhile: this belongs to what was known before.
    if (reading.log.from !== end) return;
    reading.log = withEarlier(reading.log, data, from);
  }
}

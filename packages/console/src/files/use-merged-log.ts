/** Reads the logs of many tasks side by side, and goes on while they grow. */
import { useEffect, useState } from 'react';
import { every } from '@stadion/base';
import { FIRST_BYTES, NO_LINES, withText, type LogSource, type MergedLog } from '../core/merged-log.ts';
import { CHUNK_BYTES } from '../core/file-window.ts';
import { api } from '../data/api.ts';
import { time } from '../data/browser-time.ts';

const POLL_MS = 1_500;

/** @param sources a list that stays the same as long as it says the same */
export function useMergedLog(sources: readonly LogSource[]): MergedLog {
  const [log, setLog] = useState(NO_LINES);
  useEffect(() => {
    let known: MergedLog = NO_LINES;
    let isOver = false;
    let isBusy = false;
    async function readOne({ taskId, agentId, path }: LogSource): Promise<void> {
      const ask = (offset: number, length?: number) =>
        api.readFile({ params: { agentId }, query: { path, offset, ...(length === undefined ? {} : { length }) } });
      const { offset: size } = await ask(-1);
      const at = known.read.get(taskId)?.offset ?? Math.max(0, size - FIRST_BYTES);
      if (size <= at) return;
      const asked = Math.min(CHUNK_BYTES, size - at);
      const { data } = await ask(at, asked);
      known = withText(known, taskId, at, data, asked);
    }
    async function readAll(): Promise<void> {
      if (isBusy) return;
      isBusy = true;
      // A log that cannot be read, e.g. of an agent that is away, does not keep the others.
      await Promise.allSettled(sources.map(readOne));
      isBusy = false;
      if (!isOver) setLog(known);
    }
    void readAll();
    const timer = every(time, POLL_MS, () => void readAll());
    return () => {
      isOver = true;
      timer.cancel();
    };
  }, [sources]);
  return log;
}

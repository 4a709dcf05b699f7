/** Reads a file of a sandbox from its end, further back when asked, and goes on reading while it grows. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { every } from '@stadion/base';
import { CHUNK_BYTES, appended, bounds, emptyWindow, prepended, type FileWindow } from '../core/file-window.ts';
import { api } from '../data/api.ts';
import { time } from '../data/browser-time.ts';

const POLL_MS = 1_000;

/** Where a file is. */
export interface FilePlace {
  readonly agentId: string;
  /** The agent's virtual path. */
  readonly path: string;
}

/** The file, as far as it is read. */
export interface FileTail {
  readonly window: FileWindow | undefined;
  readonly error: Error | undefined;
  /** Reads the piece before what is known. */
  readonly readBack: () => void;
  /** Begins anew at the end, or at the beginning. */
  readonly jump: (to: 'head' | 'tail') => void;
}

/** Makes another window from one, by reading. */
type ReadingTask = (window: FileWindow | undefined) => Promise<FileWindow>;

interface TailState {
  window: FileWindow | undefined;
  error: Error | undefined;
  isBusy: boolean;
  /** What comes after the reading under way. */
  next: ReadingTask | undefined;
  /** Counts beginnings: answers of an earlier one come too late. */
  life: number;
}

/** @param follows whether to go on reading at the end */
export function useFileTail({ agentId, path }: FilePlace, follows: boolean): FileTail {
  // The window is changed by answers that overlap: it lives in a reference, and a copy is shown.
  const state = useRef<TailState>({ window: undefined, error: undefined, isBusy: false, life: 0, next: undefined });
  const [shown, show] = useState<Pick<FileTail, 'window' | 'error'>>({ window: undefined, error: undefined });

  const work = useCallback((first: ReadingTask): void => {
    const current = state.current;
    if (current.isBusy) return;
    const { life } = current;
    const run = async (task: ReadingTask): Promise<void> => {
      current.isBusy = true;
      try {
        const window = await task(current.window);
        if (state.current.life !== life) return;
        current.window = window;
        current.error = undefined;
      } catch (error) {
        if (state.current.life === life) {
          current.error = error instanceof Error ? error : new Error('The file cannot be read');
        }
      } finally {
        current.isBusy = false;
        show({ window: state.current.window, error: state.current.error });
      }
      const { next } = current;
      current.next = undefined;
      if (next !== undefined && state.current.life === life) await run(next);
    };
    void run(first);
  }, []);

  const read = useCallback(
    async (offset: number, length?: number): Promise<{ offset: number; data: string }> =>
      api.readFile({ params: { agentId }, query: { path, offset, ...(length === undefined ? {} : { length }) } }),
    [agentId, path],
  );

  const jump = useCallback(
    (to: 'head' | 'tail') => {
      state.current = {
        window: undefined,
        error: undefined,
        isBusy: false,
        life: state.current.life + 1,
        next: undefined,
      };
      work(async () => {
        const { offset: size } = await read(-1);
        const from = to === 'head' ? 0 : Math.max(0, size - CHUNK_BYTES);
        const asked = Math.min(CHUNK_BYTES, size - from);
        const { data } = await read(from, asked);
        return appended({ stretches: [{ from, to: from, text: '' }], size }, data, asked);
      });
    },
    [read, work],
  );

  useEffect(() => {
    jump('tail');
  }, [jump]);

  useEffect(() => {
    if (!follows) return undefined;
    const timer = every(time, POLL_MS, () => {
      work(async (window) => {
        const known = window ?? emptyWindow(0);
        const { offset: size } = await read(-1);
        const { to } = bounds(known);
        // Cut or written anew: what was known is of another file.
        if (size < to) return emptyWindow(size);
        if (size === to) return known;
        const asked = Math.min(CHUNK_BYTES, size - to);
        const { data } = await read(to, asked);
        return appended(known, data, asked);
      });
    });
    return () => {
      timer.cancel();
    };
  }, [follows, read, work]);

  const readBack = useCallback(() => {
    const task = async (window: FileWindow | undefined): Promise<FileWindow> => {
      if (window === undefined) return emptyWindow(0);
      const { from: start } = bounds(window);
      if (start === 0) return window;
      const from = Math.max(0, start - CHUNK_BYTES);
      const { data } = await read(from, start - from);
      return prepended(window, data, from);
    };
    // Whoever has come to the top waits there for what is before: the wish must not be lost while something else is read.
    if (state.current.isBusy) state.current.next = task;
    else work(task);
  }, [read, work]);

  return { ...shown, readBack, jump };
}

/**
 * A master's state as it came. A large one is parsed in a thread of its own, so that answers go on meanwhile, and so
 * that the memory which that takes is given back.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Cluster, Endpoint, RunningTask } from '../core/cluster.ts';
import { hostNamesIn, readState, type HostAddresses } from '../core/read-state.ts';
import { limits } from '../limits.ts';
import { unexpected } from './get-bytes.ts';
import { mastersIn, type FromStateThread, type NamedMasters } from './state-messages.ts';

/** What is known before host names are resolved, and how to read the rest. */
export interface StateDocument extends NamedMasters {
  /** Host names that somebody has to resolve. */
  readonly hostNames: ReadonlySet<string>;
  /** @param asKnown gives what is kept of a task: a large state comes in pieces, none of which has to be kept whole */
  read(
    masters: readonly Endpoint[],
    hosts: HostAddresses,
    asKnown: (task: RunningTask) => RunningTask,
  ): Promise<Cluster>;
  /** Gives up what was not read. */
  close(): void;
}

/**
 * Opens a state.
 * @param url where it is from, for messages
 * @throws PlatformError `master-answer-unexpected`
 */
export function openState(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<StateDocument> {
  return bytes.byteLength < limits.stateBytesInline ? openHere(bytes, url) : openInThread(bytes, url);
}

function openHere(bytes: Uint8Array, url: string): Promise<StateDocument> {
  let state: unknown;
  try {
    state = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return Promise.reject(noJson(url));
  }
  return Promise.resolve({
    ...mastersIn(state),
    hostNames: hostNamesIn(state),
    read: (masters, hosts) => Promise.resolve(readState(state, masters, hosts)),
    close: () => undefined,
  });
}

async function openInThread(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<StateDocument> {
  const thread = new Worker(new URL('./state-thread.js', import.meta.url), {
    // What it reads grows old at once: a large space for new objects would only be copied about.
    resourceLimits: { maxYoungGenerationSizeMb: limits.stateThreadNewSpaceMb },
  });
  const close = (): void => void thread.terminate();
  const ended = new AbortController();
  thread.once('exit', () => ended.abort());
  const next = async (): Promise<FromStateThread> => {
    const [message] = (await once(thread, 'message', { signal: ended.signal })) as [FromStateThread];
    return message;
  };
  try {
    thread.postMessage(bytes, [bytes.buffer]);
    const opened = await next();
    if (opened.kind !== 'opened') throw noJson(url);
    return {
      ...opened,
      close,
      async read(masters, hosts, asKnown) {
        thread.postMessage({ masters, hosts });
        const tasks: RunningTask[] = [];
        for (;;) {
          const message = await next();
          if (message.kind === 'tasks') tasks.push(...message.tasks.map(asKnown));
          else if (message.kind === 'rest') return { ...message.cluster, tasks };
          thread.postMessage('more');
        }
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

function noJson(url: string) {
  return unexpected(url, 'its answer is no JSON');
}

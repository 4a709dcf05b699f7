/** The thread of `state-document`: takes bytes, tells of host names, takes their addresses, gives the cluster in pieces. */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { assert } from '@stadion/base';
import type { Endpoint } from '../core/cluster.ts';
import { hostNamesIn, readState, type HostAddresses } from '../core/read-state.ts';
import { mastersIn, type FromStateThread } from './state-messages.ts';

/** Tasks in one message: taking it over holds answers up no longer than a millisecond or two. */
const TASKS_MAX = 250;

const port = parentPort;
assert(port !== null, 'this is a thread');

const [bytes] = (await once(port, 'message')) as [Uint8Array];
const state = parsed(bytes);
if (state === undefined) tell({ kind: 'broken' });
else {
  tell({ kind: 'opened', ...mastersIn(state.value), hostNames: hostNamesIn(state.value) });
  const [question] = (await once(port, 'message')) as [{ masters: readonly Endpoint[]; hosts: HostAddresses }];
  const { tasks, ...cluster } = readState(state.value, question.masters, question.hosts);
  for (let start = 0; start < tasks.length; start += TASKS_MAX) {
    tell({ kind: 'tasks', tasks: tasks.slice(start, start + TASKS_MAX) });
    await once(port, 'message');
  }
  tell({ kind: 'rest', cluster });
}

function tell(message: FromStateThread): void {
  port?.postMessage(message);
}

function parsed(text: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder().decode(text)) };
  } catch {
    return undefined;
  }
}

/** Nodes from Stadion's orchestrator (or a Marathon): the tasks of an app, and events that say when they change. */
import { delay, every, type Clock, type Timers } from '@stadion/base';
import { plainNode, type ServiceNode } from '../../core/service-node.ts';
import type { NodeSource } from '../../source.ts';
import { surroundingsOf } from '../../system.ts';

/** Where it is. */
export interface OrchestratorSourceOptions {
  /** E.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Which of a task's ports; default the first. */
  readonly portIndex?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pollMs?: number;
  readonly time?: Clock & Timers;
}

const EVENTS = ['status_update_event', 'instance_health_changed_event', 'instance_serving_changed_event'];
const RETRY_MS = 500;

interface TaskJson {
  readonly host?: unknown;
  readonly ports?: unknown;
  readonly state?: unknown;
  readonly serving?: unknown;
  readonly healthCheckResults?: readonly { readonly alive?: unknown }[];
  readonly region?: unknown;
}

/** Makes one. A service is an app's id, with or without the leading slash. */
export function orchestratorSource(options: OrchestratorSourceOptions): NodeSource {
  const { time } = surroundingsOf(options);
  const base = options.url.replace(/\/+$/, '');
  const closing = new AbortController();
  const headers = { 'x-stadion-extensions': 'true', ...options.headers };
  const asks = new Set<() => void>();
  let stream: Promise<void> | undefined;

  const followEvents = async (): Promise<void> => {
    const query = EVENTS.map((type) => `event_type=${type}`).join('&');
    const isOver = (): boolean => closing.signal.aborted;
    while (!isOver()) {
      try {
        const response = await fetch(`${base}/v2/events?${query}`, {
          headers: { ...headers, accept: 'text/event-stream' },
          signal: closing.signal,
        });
        if (!response.ok) throw new Error(`the events answered with status ${String(response.status)}`);
        for (const ask of asks) ask();
        // Whatever comes means that something has changed; heartbeats are line ends only.
        for await (const chunk of response.body as ReadableStream<Uint8Array>) {
          if (chunk.some((byte) => byte > 32)) for (const ask of asks) ask();
        }
      } catch {
        // Polling goes on; the stream is opened again.
      }
      if (!isOver()) await delay(time, RETRY_MS);
    }
  };

  const ask = async (service: string): Promise<readonly ServiceNode[]> => {
    const id = service.replace(/^\/+/, '');
    const response = await fetch(`${base}/v2/apps/${id}/tasks`, {
      headers: { ...headers, accept: 'application/json' },
      signal: closing.signal,
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return [];
    }
    if (!response.ok) throw new Error(`${base} answered with status ${String(response.status)}`);
    const { tasks } = (await response.json()) as { readonly tasks: readonly TaskJson[] };
    return tasks.flatMap((task) => nodeOf(task, options.portIndex ?? 0));
  };

  return {
    name: 'orchestrator',
    follow(service, listener) {
      stream ??= followEvents();
      let isAsking = false;
      let isWanted = false;
      let isClosed = false;
      const once = (): void => {
        isWanted = true;
        if (isAsking || isClosed) return;
        isAsking = true;
        isWanted = false;
        // Whoever closes while an answer is on its way hears no more of it.
        const isHeard = (): boolean => !isClosed && !closing.signal.aborted;
        ask(service)
          .then((nodes) => {
            if (isHeard()) listener.onNodes(nodes);
          })
          .catch((error: unknown) => {
            if (isHeard()) listener.onTrouble(error);
          })
          .finally(() => {
            isAsking = false;
            if (isWanted) once();
          });
      };
      asks.add(once);
      const poll = every(time, options.pollMs ?? 10_000, once);
      once();
      return {
        close() {
          isClosed = true;
          asks.delete(once);
          poll.cancel();
        },
      };
    },
    async services() {
      const response = await fetch(`${base}/v2/apps`, { headers, signal: closing.signal });
      const { apps } = (await response.json()) as { readonly apps: readonly { readonly id: string }[] };
      return apps.map(({ id }) => id);
    },
    async close() {
      closing.abort();
      await stream;
    },
  };
}

/** What serves is healthy; where nobody says what serves (Marathon), what runs and whose checks are alive. */
function nodeOf(task: TaskJson, portIndex: number): ServiceNode[] {
  const port: unknown = Array.isArray(task.ports) ? task.ports[portIndex] : undefined;
  if (typeof task.host !== 'string' || typeof port !== 'number') return [];
  const isAlive = (task.healthCheckResults ?? []).every(({ alive }) => alive === true);
  const serves = typeof task.serving === 'boolean' ? task.serving : task.state === 'TASK_RUNNING' && isAlive;
  const region = typeof task.region === 'string' ? task.region : null;
  const nodeData = { environment: '', region, tags: null };
  return [plainNode(task.host, port, { healthcheckStatus: serves ? 'healthy' : 'unhealthy', nodeData })];
}

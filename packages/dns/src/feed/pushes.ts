/** Changes as they are told: by the master's operator stream, and by our orchestrator's events. */
import { delay, describeError, every, type Clock, type Logger, type Timers } from '@stadion/base';
import { isApiError, createOrchestratorClient, type Fetch } from '@stadion/contract/client';
import type { Task } from '@stadion/contract/orchestrator';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { OperatorEvents } from '../core/operator-event.ts';
import { TaskNews } from '../core/task-news.ts';
import type { ZoneKeeper } from '../core/zone-keeper.ts';
import { limits } from '../limits.ts';
import { operatorEvents } from './operator-stream.ts';

/** One source of changes. */
export interface Push {
  readonly name: string;
  /** Follows its source for ever, opening the stream again when it breaks; ends when the signal says so. */
  run(): Promise<void>;
  isOpen(): boolean;
}

/** What sources of changes work with. */
export interface PushParts {
  readonly keeper: ZoneKeeper;
  readonly time: Clock & Timers;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
  /** The keeper was changed. */
  readonly onChange: () => void;
  /** Something happened that only a snapshot tells. */
  readonly resync: () => void;
}

/** The operator stream of whichever master leads. A master without one is asked again now and then. */
export function operatorPush(url: () => string, parts: PushParts): Push {
  return streamed('operator', parts, async (signal, opened, heard) => {
    const events = new OperatorEvents();
    for await (const event of operatorEvents(url(), parts.fetch, signal)) {
      opened();
      heard();
      const news = events.read(event);
      if (news.kind === 'nothing') continue;
      if (news.kind === 'resync') parts.resync();
      else {
        if (news.kind === 'ended') parts.keeper.removeTask(news.taskId, parts.time.monotonic());
        else if (!parts.keeper.setTask(news.task)) parts.resync();
        parts.onChange();
      }
    }
  });
}

/** The events of our orchestrator: what starts needs a snapshot, what ends or stops serving goes at once. */
export function orchestratorPush(url: string, parts: PushParts): Push {
  return streamed('orchestrator', parts, async (signal, opened, heard) => {
    const client = createOrchestratorClient({
      baseUrl: url,
      fetch: async (target, init) => {
        const response = await parts.fetch(target, init);
        // Heartbeats are line ends, which no event shows: hear them where they arrive.
        const body = response.body?.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(chunk, controller) {
              heard();
              controller.enqueue(chunk);
            },
          }),
        );
        return new Response(body ?? null, { status: response.status, headers: response.headers });
      },
    });
    const events = await client.events({
      types: ['status_update_event', 'instance_health_changed_event', 'instance_serving_changed_event'],
      signal,
    });
    opened();
    const news = new TaskNews();
    // After the stream is open, so that nothing falls between the list and the first event.
    const { tasks } = await client.listTasks({ signal });
    const pods = await client.listPodStatuses({ signal }).catch((error: unknown): PodStatus[] => {
      // Marathons before 1.4 know no pods.
      if (isApiError(error) && error.status === 404) return [];
      throw error;
    });
    parts.keeper.setServing(news.restart([...tasks.map(servingOf), ...pods.flatMap(servingOfPod)]), true);
    parts.onChange();
    parts.resync();
    for await (const event of events) {
      const change = news.read(event);
      if (change.ended !== undefined) parts.keeper.removeTask(change.ended, parts.time.monotonic());
      if (change.serving !== undefined) parts.keeper.setServing(change.serving);
      if (change.ended !== undefined || change.serving !== undefined) parts.onChange();
      if (change.resync) parts.resync();
    }
  });
}

function servingOf(task: Task): readonly [string, unknown] {
  return [task.id, task.serving];
}

/** The containers of a pod's instances are its tasks, and serve together. */
function servingOfPod({ instances }: PodStatus): (readonly [string, unknown])[] {
  return instances.flatMap(({ containers, serving }) => {
    return containers.map(({ containerId }) => [containerId, serving] as const);
  });
}

function streamed(
  name: string,
  parts: PushParts,
  follow: (signal: AbortSignal, opened: () => void, heard: () => void) => Promise<void>,
): Push {
  const state = { isOpen: false };
  return {
    name,
    isOpen: () => state.isOpen,
    async run() {
      const { time, signal, log } = parts;
      let pause: number = limits.streamRetryMs;
      const isOver = (): boolean => signal.aborted;
      while (!isOver()) {
        const stream = new AbortController();
        let heardAt = time.monotonic();
        const watch = every(time, limits.streamSilenceMs / 3, () => {
          if (time.monotonic() - heardAt > limits.streamSilenceMs) {
            stream.abort(new Error('nothing was heard for long'));
          }
        });
        try {
          await follow(
            AbortSignal.any([signal, stream.signal]),
            () => {
              state.isOpen = true;
              pause = limits.streamRetryMs;
            },
            () => {
              heardAt = time.monotonic();
            },
          );
        } catch (error) {
          if (!isOver()) log.debug({ stream: name, error: describeError(error) }, 'a stream of changes broke');
        } finally {
          watch.cancel();
          stream.abort();
        }
        if (state.isOpen) parts.resync();
        state.isOpen = false;
        if (!isOver()) await delay(time, pause);
        pause = Math.min(pause * 2, limits.streamRetryMsMax);
      }
    },
  };
}

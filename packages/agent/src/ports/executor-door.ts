/** How custom executors come to the agent that started them, whatever carries their calls. */
import type { ReportedExecutor } from '@stadion/contract/agent-link';
import type { ExecutorCall, ExecutorEvent } from '@stadion/contract/mesos-executor';

/** Where the events for an executor go. */
export interface ExecutorReceiver {
  send(event: ExecutorEvent): void;
  /** Another subscription has taken its place, or the executor is no more. */
  close(): void;
}

/** Why a call is not taken: `unknown` executor, one that is not `subscribed`, or `busy` for too much that waits. */
export interface ExecutorRefusal {
  readonly why: 'unknown' | 'unsubscribed' | 'busy';
  readonly message: string;
}

/** See above. */
export interface ExecutorDoor {
  /** The key that their tokens are made with; undefined: nobody asks for tokens. */
  readonly tokenKey: string | undefined;
  /** All whose processes live. */
  reported(): readonly ReportedExecutor[];
  /** The container of an executor that runs. */
  containerOf(frameworkId: string, executorId: string): string | undefined;
  subscribe(
    call: Extract<ExecutorCall, { type: 'SUBSCRIBE' }>,
    receiver: ExecutorReceiver,
  ): ExecutorRefusal | undefined;
  /** The connection of a receiver is gone. */
  unsubscribe(receiver: ExecutorReceiver): void;
  call(call: Exclude<ExecutorCall, { type: 'SUBSCRIBE' }>): ExecutorRefusal | undefined;
}

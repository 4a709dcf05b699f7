/** Listens in on what the orchestrator tells the master, so that checkers judge deeds instead of words. */
import type { SchedulerCall, SchedulerConnection } from '@stadion/contract/mesos';

/** Hears every call before it is delivered. */
export type CallListener = (call: SchedulerCall) => void;

/** The same connection, overheard. */
export function tapConnection(connection: SchedulerConnection, listener: CallListener): SchedulerConnection {
  return {
    subscribe(call, receiver) {
      listener(call);
      connection.subscribe(call, receiver);
    },
    send(call) {
      listener(call);
      connection.send(call);
    },
    close() {
      connection.close();
    },
  };
}

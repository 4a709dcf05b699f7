/** Listens in on what orchestrator and master tell each other. */
import type { SchedulerCall, SchedulerConnection, SchedulerEvent } from '@stadion/contract/mesos';

/** Hears every call before it is delivered, and every event before it is handled. */
export interface TapListener {
  onCall(call: SchedulerCall): void;
  onEvent(event: SchedulerEvent): void;
}

/** The same connection, overheard. */
export function tapConnection(connection: SchedulerConnection, listener: TapListener): SchedulerConnection {
  return {
    subscribe(call, receiver) {
      listener.onCall(call);
      connection.subscribe(call, {
        onEvent: (event) => {
          listener.onEvent(event);
          receiver.onEvent(event);
        },
        onClosed: (reason) => {
          receiver.onClosed(reason);
        },
      });
    },
    send(call) {
      listener.onCall(call);
      connection.send(call);
    },
    close() {
      connection.close();
    },
  };
}

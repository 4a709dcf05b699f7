/** The wire between orchestrator and master when they are not one process: slow, and cut at times. */
import { randomBelow, type Clock, type Random, type Timers } from '@stadion/base';
import type { SchedulerConnection } from '@stadion/contract/mesos';

/** How bad it is. */
export interface SchedulerFaults {
  /** A call or an event takes up to so long, milliseconds. 0: it arrives at once. */
  delayMsMax: number;
}

interface WireParts {
  readonly connection: SchedulerConnection;
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly faults: SchedulerFaults;
}

type Receiver = Parameters<SchedulerConnection['subscribe']>[1];

/** A connection over that wire. What is under way when it is cut is lost; the order is kept. */
export class SchedulerWire implements SchedulerConnection {
  private readonly parts: WireParts;
  private receiver: Receiver | undefined;
  private generation = 0;
  private lastArrival = 0;

  constructor(parts: WireParts) {
    this.parts = parts;
  }

  subscribe(call: Parameters<SchedulerConnection['subscribe']>[0], receiver: Receiver): void {
    this.generation += 1;
    this.receiver = receiver;
    this.carry(() => {
      const { generation } = this;
      this.parts.connection.subscribe(call, {
        onEvent: (event) => {
          if (generation !== this.generation) return;
          this.carry(() => {
            receiver.onEvent(event);
          });
        },
        onClosed: (reason) => {
          if (generation !== this.generation) return;
          this.receiver = undefined;
          receiver.onClosed(reason);
        },
      });
    });
  }

  send(call: Parameters<SchedulerConnection['send']>[0]): void {
    this.carry(() => {
      this.parts.connection.send(call);
    });
  }

  close(): void {
    this.generation += 1;
    this.receiver = undefined;
    this.parts.connection.close();
  }

  /** Cuts it; both ends notice. */
  cut(): void {
    const { receiver } = this;
    if (receiver === undefined) return;
    this.close();
    receiver.onClosed('the simulated wire was cut');
  }

  /** Delivers in order, unless the wire is cut first. One line for both directions is enough. */
  private carry(deliver: () => void): void {
    const { time, random, faults } = this.parts;
    const now = time.monotonic();
    const at = Math.max(this.lastArrival, now + (faults.delayMsMax === 0 ? 0 : randomBelow(random, faults.delayMsMax)));
    if (at <= now) {
      deliver();
      return;
    }
    this.lastArrival = at;
    const { generation } = this;
    time.after(at - now, () => {
      if (generation === this.generation) deliver();
    });
  }
}

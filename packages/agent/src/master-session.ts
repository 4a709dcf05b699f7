/** The agent's bond with its master: dial, register, answer pings, notice silence, begin again. */
import {
  describeError,
  randomFraction,
  type Clock,
  type Logger,
  type Random,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import type { AgentMessage, Link, MasterDialer, MasterMessage } from '@stadion/contract/agent-link';
import { registrationAnswerMs, registrationBackoffMs, repeatsOnSameLink } from './core/registration.ts';

/** A dial that takes longer is given up. */
const DIAL_MS_MAX = 30_000;

/** What the session tells the agent, and asks of it. */
export interface SessionOwner {
  /** The REGISTER message as things stand now. */
  registration(): AgentMessage;
  onRegistered(message: Extract<MasterMessage, { type: 'REGISTERED' }>): void;
  onRejected(message: Extract<MasterMessage, { type: 'REJECTED' }>): void;
  /** Everything else, once registered. */
  onMessage(message: MasterMessage): void;
  /** The version of the checkpointed resources that are on disk, if there are any. */
  checkpointedVersion(): number | undefined;
}

/** Keeps one registration alive. All timing is by the ports. */
export class MasterSession {
  private readonly dialer: MasterDialer;
  private readonly time: Clock & Timers;
  private readonly random: Random;
  private readonly log: Logger;
  private readonly owner: SessionOwner;
  private link: Link<AgentMessage> | undefined;
  private generation = 0;
  private attempt = 0;
  private registersSent = 0;
  private timer: TimerHandle | undefined;
  private lastPingAt = 0;
  private running = false;
  private isRegistered = false;
  /** Between two dials. */
  private isResting = false;

  constructor(
    ports: {
      readonly dialer: MasterDialer;
      readonly time: Clock & Timers;
      readonly random: Random;
      readonly log: Logger;
    },
    owner: SessionOwner,
  ) {
    this.dialer = ports.dialer;
    this.time = ports.time;
    this.random = ports.random;
    this.log = ports.log;
    this.owner = owner;
    this.dialer.onLeader?.(() => {
      this.hearOfLeader();
    });
  }

  /** True between REGISTERED and the loss of the link. */
  get registered(): boolean {
    return this.isRegistered;
  }

  /** Begins to dial; never gives up until {@link stop}. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.retry();
  }

  /** Ends the link. */
  stop(): void {
    this.running = false;
    this.drop();
  }

  /** Sends when registered; what is not sent is sent after the next registration by those who keep it. */
  send(message: AgentMessage): boolean {
    if (!this.isRegistered || this.link === undefined) return false;
    this.link.send(message);
    return true;
  }

  private drop(): void {
    this.generation += 1;
    this.isRegistered = false;
    this.registersSent = 0;
    this.isResting = false;
    this.timer?.cancel();
    this.timer = undefined;
    const { link } = this;
    this.link = undefined;
    link?.close();
  }

  private wait(delayMs: number, then: () => void): void {
    this.timer?.cancel();
    this.timer = this.time.after(delayMs, () => {
      this.timer = undefined;
      then();
    });
  }

  private retry(): void {
    this.drop();
    if (!this.running) return;
    const backoffMs = registrationBackoffMs(this.attempt, randomFraction(this.random));
    this.attempt += 1;
    this.isResting = true;
    this.wait(backoffMs, () => {
      this.dial();
    });
  }

  /** After a long time without a leader the rest between two dials is long; whoever knows better need not sit it out. */
  private hearOfLeader(): void {
    if (!this.isResting) return;
    this.attempt = 1;
    this.retry();
  }

  private dial(): void {
    this.isResting = false;
    const { generation } = this;
    this.wait(DIAL_MS_MAX, () => {
      this.log.warn({ timeoutMs: DIAL_MS_MAX }, 'the master did not answer the dial in time');
      this.retry();
    });
    const receiver = {
      onMessage: (message: MasterMessage) => {
        if (this.generation === generation) this.receive(message);
      },
      onClosed: () => {
        if (this.generation !== generation) return;
        this.log.warn({}, 'the link to the master is lost');
        if (this.isRegistered) this.attempt = 1;
        this.retry();
      },
    };
    this.dialer.dial(receiver).then(
      (link) => {
        if (this.generation !== generation) {
          link.close();
          return;
        }
        this.link = link;
        this.register();
      },
      (error: unknown) => {
        if (this.generation !== generation) return;
        this.log.info({ error: describeError(error), attempt: this.attempt }, 'no master can be reached');
        this.retry();
      },
    );
  }

  private register(): void {
    this.registersSent += 1;
    // Before the message goes out: a link in the same process may answer within the call.
    this.wait(registrationAnswerMs(this.registersSent), () => {
      if (repeatsOnSameLink(this.registersSent)) this.register();
      else this.retry();
    });
    this.link?.send(this.owner.registration());
  }

  private receive(message: MasterMessage): void {
    switch (message.type) {
      case 'PING':
        this.lastPingAt = this.time.monotonic();
        this.link?.send(this.pong());
        if (!message.registered && this.isRegistered) {
          this.log.warn({}, 'the master does not know this agent; registering again');
          this.isRegistered = false;
          this.registersSent = 0;
          this.register();
        }
        return;
      case 'REGISTERED':
        this.isRegistered = true;
        this.registersSent = 0;
        this.attempt = 0;
        this.lastPingAt = this.time.monotonic();
        this.watchPings(message.ping_timeout_ms);
        this.owner.onRegistered(message);
        return;
      case 'REJECTED':
        // Not soon again: it is for a person, or for the shutdown that follows, to change something.
        this.attempt = Math.max(this.attempt, 6);
        this.owner.onRejected(message);
        if (this.running) this.retry();
        return;
      default:
        if (this.isRegistered) this.owner.onMessage(message);
    }
  }

  private pong(): AgentMessage {
    const version = this.owner.checkpointedVersion();
    return version === undefined ? { type: 'PONG' } : { type: 'PONG', checkpointed_version: version };
  }

  private watchPings(timeoutMs: number): void {
    const silentMs = this.time.monotonic() - this.lastPingAt;
    if (silentMs >= timeoutMs) {
      this.log.warn({ timeoutMs }, 'the master is silent; dialling again');
      this.attempt = 1;
      this.retry();
      return;
    }
    this.wait(timeoutMs - silentMs, () => {
      this.watchPings(timeoutMs);
    });
  }
}

/**
 * A framework's way to a master over HTTP: the public v1 scheduler API and nothing else, so that any Mesos master will do.
 * One stream of events, and one connection over which calls go one after the other, in the order in which they were made.
 */
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { authorizationOf, type Secret } from '@stadion/access';
import { describeError, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { SchedulerEvent, type SchedulerCall, type SchedulerConnection } from '@stadion/contract/mesos';
import { RecordReader, asciiJson, readLenient } from '@stadion/contract/mesos-wire';
import {
  MASTER_ANSWER_MS_MAX,
  MASTER_REDIRECTIONS_MAX,
  SCHEDULER_CALLS_WAITING_MAX,
  SCHEDULER_EVENT_BYTES_MAX,
  SCHEDULER_HEARTBEATS_MISSED_MAX,
} from '../limits.ts';
import type { NodeTls } from '../tls/node-tls.ts';
import { requestTo } from '../tls/requests.ts';

const PATH = '/api/v1/scheduler';
/** Before the master has said how often it sends one. */
const HEARTBEAT_SECONDS_DEFAULT = 15;

/** What a connection needs. */
export interface HttpSchedulerOptions {
  /** URLs of masters to try, the likeliest leader first; asked anew for each subscription. */
  readonly masters: () => readonly string[];
  /** Is told the address of a master that has taken the subscription. */
  readonly onMaster?: (url: string) => void;
  readonly secret: Secret | undefined;
  /** What is shown to masters that are reached over TLS. */
  readonly tls: NodeTls | undefined;
  readonly time: Clock & Timers;
  readonly log: Logger;
}

type SubscribeCall = Extract<SchedulerCall, { type: 'SUBSCRIBE' }>;
type OtherCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;
type Receiver = Parameters<SchedulerConnection['subscribe']>[1];

/** Makes a connection; nothing is dialled before `subscribe`. */
export function httpSchedulerConnection(options: HttpSchedulerOptions): SchedulerConnection {
  let current: Subscription | undefined;
  return {
    subscribe(call, receiver) {
      current?.end('subscribed again over the same connection');
      current = new Subscription(options, receiver);
      void current.open(call);
    },
    send(call) {
      current?.send(call);
    },
    close() {
      current?.abandon();
      current = undefined;
    },
  };
}

/** One stream and the calls that belong to it. Once over, it stays over. */
class Subscription {
  private readonly options: HttpSchedulerOptions;
  private readonly receiver: Receiver;
  private readonly agents = {
    'http:': new Agent({ keepAlive: true, maxSockets: 1 }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: 1 }),
  };
  /** The request that asks for the stream, then the stream itself. */
  private stream: ClientRequest | undefined;
  private master: URL | undefined;
  private streamId: string | undefined;
  private readonly waiting: OtherCall[] = [];
  private isSending = false;
  private isOver = false;
  private watchdog: TimerHandle | undefined;
  private heartbeatMs = HEARTBEAT_SECONDS_DEFAULT * 1000;

  constructor(options: HttpSchedulerOptions, receiver: Receiver) {
    this.options = options;
    this.receiver = receiver;
  }

  /** Finds the leading master and reads its events until the stream ends. */
  async open(call: SubscribeCall): Promise<void> {
    const problems: string[] = [];
    for (const master of this.options.masters()) {
      // Another master must not be asked by one that is over: whoever has the framework by then would lose it.
      if (this.wasEnded()) return;
      try {
        const answer = await this.dial(new URL(PATH, master), call, 0);
        if (this.wasEnded()) answer.destroy();
        else this.read(answer);
        return;
      } catch (error) {
        problems.push(`${master}: ${describeError(error)}`);
      }
    }
    this.end(problems.length === 0 ? 'no master is known yet' : problems.join('; '));
  }

  send(call: OtherCall): void {
    if (this.isOver) return;
    if (this.waiting.length >= SCHEDULER_CALLS_WAITING_MAX) {
      this.end(`the master does not keep up: ${String(SCHEDULER_CALLS_WAITING_MAX)} calls wait`);
      return;
    }
    this.waiting.push(call);
    void this.sendWaiting();
  }

  /** The stream is over: the receiver is told, once. */
  end(reason: string): void {
    if (this.isOver) return;
    this.abandon();
    this.options.time.after(0, () => {
      this.receiver.onClosed(reason);
    });
  }

  /** Over, without a word. */
  abandon(): void {
    this.isOver = true;
    this.watchdog?.cancel();
    this.stream?.destroy();
    this.agents['http:'].destroy();
    this.agents['https:'].destroy();
    this.waiting.length = 0;
  }

  /** Asked after an `await`, when it may have changed. */
  private wasEnded(): boolean {
    return this.isOver;
  }

  private dial(url: URL, call: SubscribeCall, redirections: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let hasAnswered = false;
      const request = this.request(url, false, (answer) => {
        timeout.cancel();
        const { location } = answer.headers;
        if (answer.statusCode === 200) {
          hasAnswered = true;
          this.master = url;
          this.options.onMaster?.(url.origin);
          const id = answer.headers['mesos-stream-id'];
          if (typeof id === 'string') this.streamId = id;
          resolve(answer);
        } else if (answer.statusCode === 307 && location !== undefined && redirections < MASTER_REDIRECTIONS_MAX) {
          answer.resume();
          this.dial(new URL(location, url), call, redirections + 1).then(resolve, reject);
        } else {
          readText(answer).then((text) => {
            reject(new Error(`answered ${String(answer.statusCode)}: ${text}`));
          }, reject);
        }
      });
      const timeout = this.options.time.after(MASTER_ANSWER_MS_MAX, () => request.destroy(new Error('no answer')));
      request.on('error', (error) => {
        timeout.cancel();
        reject(error);
        // Once the answer has begun, nobody listens to the promise any more.
        if (hasAnswered) this.end(`the connection broke: ${describeError(error)}`);
      });
      this.stream = request;
      request.end(asciiJson(call));
    });
  }

  private read(answer: IncomingMessage): void {
    const reader = new RecordReader(SCHEDULER_EVENT_BYTES_MAX);
    this.watch();
    answer.on('data', (chunk: Buffer) => {
      try {
        for (const record of reader.push(chunk)) this.deliver(JSON.parse(new TextDecoder().decode(record)));
      } catch (error) {
        this.end(describeError(error));
      }
    });
    answer.on('error', () => undefined);
    answer.once('close', () => {
      this.end('the master closed the stream');
    });
  }

  private deliver(json: unknown): void {
    if (this.isOver) return;
    this.watch();
    const reading = readLenient(SchedulerEvent, json);
    if (!reading.ok) {
      // A later master may say what nobody here knows.
      this.options.log.warn({ problem: reading.problem }, 'An event of the master is not understood and left out');
      return;
    }
    const event = reading.value as SchedulerEvent;
    if (event.type === 'SUBSCRIBED') this.heartbeatMs = event.subscribed.heartbeat_interval_seconds * 1000;
    this.receiver.onEvent(event);
  }

  /** A master that says nothing for several heartbeats is gone. */
  private watch(): void {
    this.watchdog?.cancel();
    const limit = this.heartbeatMs * SCHEDULER_HEARTBEATS_MISSED_MAX;
    this.watchdog = this.options.time.after(limit, () => {
      this.end(`the master said nothing for ${String(limit / 1000)} s`);
    });
  }

  private async sendWaiting(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift()) {
      try {
        const { status, text } = await this.post(call);
        if (status >= 200 && status < 300) continue;
        // The stream that the call belongs to is none any more, or the call is wrong: subscribing anew settles both.
        this.end(`the master answered ${call.type} with ${String(status)}: ${text}`);
      } catch (error) {
        this.end(`${call.type} could not be sent: ${describeError(error)}`);
      }
    }
    this.isSending = false;
  }

  private post(call: OtherCall): Promise<{ status: number; text: string }> {
    const { master } = this;
    return new Promise((resolve, reject) => {
      if (master === undefined) {
        reject(new Error('there is no stream yet'));
        return;
      }
      const request = this.request(master, true, (answer) => {
        readText(answer)
          .then((text) => {
            resolve({ status: answer.statusCode ?? 0, text });
          }, reject)
          .finally(() => {
            timeout.cancel();
          });
      });
      const timeout = this.options.time.after(MASTER_ANSWER_MS_MAX, () => request.destroy(new Error('no answer')));
      request.on('error', (error) => {
        timeout.cancel();
        reject(error);
      });
      request.end(asciiJson(understoodByMesos(call)));
    });
  }

  private request(url: URL, isCall: boolean, onAnswer: (answer: IncomingMessage) => void): ClientRequest {
    const { secret, tls } = this.options;
    const headers = {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...(secret === undefined ? {} : { Authorization: authorizationOf(secret) }),
      ...(isCall && this.streamId !== undefined ? { 'Mesos-Stream-Id': this.streamId } : {}),
    };
    const agent = isCall ? this.agents[url.protocol === 'https:' ? 'https:' : 'http:'] : undefined;
    return requestTo(url, tls, { method: 'POST', headers, ...(agent === undefined ? {} : { agent }) }, onAnswer);
  }
}

/** Mesos knows one health check a task and no list; a master here reads the list. */
function understoodByMesos(call: OtherCall): unknown {
  if (call.type !== 'ACCEPT') return call;
  const operations = call.accept.operations.map((operation) => {
    if (operation.type !== 'LAUNCH') return operation;
    const tasks = operation.launch.task_infos.map((task) => {
      const [first] = task.health_checks ?? [];
      return first === undefined ? task : { ...task, health_check: first };
    });
    return { ...operation, launch: { task_infos: tasks } };
  });
  return { ...call, accept: { ...call.accept, operations } };
}

async function readText(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) if (text.length < 1_000) text += String(chunk);
  return text.slice(0, 1_000);
}

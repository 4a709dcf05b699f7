/**
 * A load of all kinds at a fixed rate: GET and POST with bodies over connections that stay open, HTTPS, slow streams and
 * WebSockets. It does not wait for answers before it asks again, and counts everything that fails.
 */
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { every, type TimerHandle } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';

/** What was asked and what came back. */
export interface MixedResult {
  readonly counts: Readonly<Record<Kind, number>>;
  /** What was reached of the rate. */
  readonly perSecond: number;
  /** One sentence for each that failed. */
  readonly failures: readonly string[];
}

/** What is asked. */
export type Kind = 'get' | 'post' | 'https' | 'stream' | 'websocket';

/** Where and how. */
export interface MixedLoadSettings {
  readonly http: string;
  readonly https: string;
  readonly host: string;
  readonly perSecond: number;
  /** Only what may be sent again. */
  readonly isIdempotent?: boolean;
}

const TICK_MS = 10;
const ANSWER_MS = 30_000;
const UNDER_WAY_MAX = 1_000;
/** Of each hundred: the rest is GET. */
const SHARES: readonly (readonly [Kind, number])[] = [
  ['post', 30],
  ['https', 5],
  ['stream', 3],
  ['websocket', 2],
];

/** Runs from its construction until {@link MixedLoad.end}. */
export class MixedLoad {
  private readonly settings: MixedLoadSettings;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });
  private readonly tlsAgent = new TlsAgent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });
  private readonly counts: Record<Kind, number> = { get: 0, post: 0, https: 0, stream: 0, websocket: 0 };
  private readonly failures: string[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer: TimerHandle;
  private readonly startedAt = systemClock.monotonic();
  private asked = 0;

  constructor(settings: MixedLoadSettings) {
    this.settings = settings;
    this.timer = every(systemTimers, TICK_MS, () => this.tick());
  }

  get count(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** Asks nothing more, whatever becomes of what is under way. */
  stop(): void {
    this.timer.cancel();
  }

  async end(): Promise<MixedResult> {
    this.stop();
    await Promise.all(this.underWay);
    this.agent.destroy();
    this.tlsAgent.destroy();
    const perSecond = Math.round((this.count * 1_000) / (systemClock.monotonic() - this.startedAt));
    return { counts: this.counts, failures: this.failures, perSecond };
  }

  private tick(): void {
    const due = Math.floor(((systemClock.monotonic() - this.startedAt) * this.settings.perSecond) / 1_000);
    while (this.asked < due) {
      // A machine that cannot keep up is asked less, rather than drowned.
      if (this.underWay.size >= UNDER_WAY_MAX) return;
      this.asked += 1;
      const kind = this.kindOf((this.asked * 61) % 100);
      const one = this.once(kind).then((problem) => {
        this.counts[kind] += 1;
        if (problem !== undefined) this.failures.push(`${kind}: ${problem}`);
        this.underWay.delete(one);
      });
      this.underWay.add(one);
    }
  }

  private kindOf(number: number): Kind {
    if (this.settings.isIdempotent === true) return 'get';
    let sum = 0;
    for (const [kind, share] of SHARES) {
      sum += share;
      if (number < sum) return kind;
    }
    return 'get';
  }

  private once(kind: Kind): Promise<string | undefined> {
    if (kind === 'websocket') return this.webSocket();
    const length = kind === 'post' ? 1 + ((this.asked * 997) % 20_000) : 0;
    const path = kind === 'stream' ? '/stream' : '/';
    return this.ask(kind, path, length, (status, text) => {
      const isRight = kind === 'stream' ? text.split('\n').length === 11 : Number(text.split(' ')[1]) === length;
      return status === 200 && isRight ? undefined : `${String(status)} ${text.slice(0, 100)}`;
    });
  }

  private ask(
    kind: Kind,
    path: string,
    length: number,
    judge: (status: number, text: string) => string | undefined,
  ): Promise<string | undefined> {
    return new Promise((resolve) => {
      const isTls = kind === 'https';
      const { hostname, port } = new URL(isTls ? this.settings.https : this.settings.http);
      const options: RequestOptions = {
        ...{ hostname, port, path, headers: { host: this.settings.host } },
        ...{ method: length > 0 ? 'POST' : 'GET', agent: isTls ? this.tlsAgent : this.agent, timeout: ANSWER_MS },
      };
      const call = (isTls ? requestTls : request)(options, (answer: IncomingMessage) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('error', (error) => resolve(`broken answer: ${error.message}`));
        answer.on('end', () => resolve(judge(answer.statusCode ?? 0, text)));
      });
      call.on('timeout', () => call.destroy(new Error('no answer')));
      call.on('error', (error) => resolve(error.message));
      call.end(length > 0 ? Buffer.alloc(length, 'x') : undefined);
    });
  }

  private webSocket(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const { hostname, port } = new URL(this.settings.http);
      const headers = {
        host: this.settings.host,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      };
      const call = request({ hostname, port, path: '/ws', headers, agent: false, timeout: ANSWER_MS });
      call.on('timeout', () => call.destroy(new Error('no answer')));
      call.on('error', (error) => resolve(error.message));
      call.on('response', (answer) => resolve(`not upgraded: ${String(answer.statusCode)}`));
      call.on('upgrade', (_answer, socket) => {
        let heard = 0;
        socket.on('error', (error) => resolve(error.message));
        socket.on('close', () => resolve(`closed after ${String(heard)} of 5 echoes`));
        socket.on('data', () => {
          heard += 1;
          if (heard < 5) systemTimers.after(40, () => void socket.write(`message ${String(heard)}`));
          else {
            resolve(undefined);
            socket.destroy();
          }
        });
        socket.write('message 0');
      });
      call.end();
    });
  }
}

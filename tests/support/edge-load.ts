/** Load on the edge: a few keep-alive clients that never stop, GET and POST in turns, and count what fails. */
import { Agent, request } from 'node:http';

/** What came back. */
export interface LoadResult {
  readonly requests: number;
  /** One sentence for each request that failed. */
  readonly failures: readonly string[];
  /** How many answers each server gave. */
  readonly byServer: Readonly<Record<string, number>>;
}

/** Runs from its construction until {@link EdgeLoad.end}. */
export class EdgeLoad {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private readonly url: URL;
  private readonly host: string;
  private readonly clients: readonly Promise<void>[];
  private readonly failures: string[] = [];
  private readonly byServer: Record<string, number> = {};
  private requests = 0;
  private isOver = false;

  /** @param url of the edge @param host of the route */
  constructor(url: string, host: string, clients = 8) {
    this.url = new URL(url);
    this.host = host;
    this.clients = Array.from({ length: clients }, (_, index) => this.run(index));
  }

  get count(): number {
    return this.requests;
  }

  async end(): Promise<LoadResult> {
    this.isOver = true;
    await Promise.all(this.clients);
    this.agent.destroy();
    const { requests, failures, byServer } = this;
    return { requests, failures, byServer };
  }

  private async run(index: number): Promise<void> {
    for (let turn = index; !this.isOver; turn += 1) {
      const body = turn % 3 === 0 ? 'x'.repeat(1 + ((turn * 997) % 5_000)) : undefined;
      const outcome = await this.once(body);
      this.requests += 1;
      if (outcome.ok) this.byServer[outcome.server] = (this.byServer[outcome.server] ?? 0) + 1;
      else if (this.failures.length < 100) this.failures.push(outcome.problem);
    }
  }

  private once(
    body: string | undefined,
  ): Promise<{ readonly ok: true; readonly server: string } | { readonly ok: false; readonly problem: string }> {
    return new Promise((resolve) => {
      const { hostname, port } = this.url;
      const method = body === undefined ? 'GET' : 'POST';
      const call = request({ hostname, port, method, agent: this.agent, headers: { host: this.host } }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('error', (error) => resolve({ ok: false, problem: `${method}: broken answer: ${error.message}` }));
        answer.on('end', () => {
          const [server = '', length = ''] = text.split(' ');
          const isRight = answer.statusCode === 200 && Number(length) === (body?.length ?? 0);
          if (isRight) resolve({ ok: true, server });
          else resolve({ ok: false, problem: `${method}: ${String(answer.statusCode)} ${text.slice(0, 100)}` });
        });
      });
      call.on('error', (error) => resolve({ ok: false, problem: `${method}: ${error.message}` }));
      call.end(body);
    });
  }
}

/** A service that says who it is and how long the body was, and stops politely. */
export const LOADED_SERVICE =
  `exec node -e "const s=require('http').createServer((q,r)=>{let n=0;q.on('data',d=>n+=d.length);` +
  `q.on('end',()=>setTimeout(()=>r.end(process.env.MESOS_TASK_ID+' '+n),5))});s.listen(process.env.PORT0);` +
  `process.on('SIGTERM',()=>s.close(()=>process.exit(0)))"`;

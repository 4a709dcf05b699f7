/** The API over a {@link FakeEngine}, for tests that ask it by `inject()`. */
import { SeededRandom, silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { FastifyInstance } from 'fastify';
import type { OrchestratorHttpOptions } from '../options.ts';
import { createOrchestratorHttp } from '../server.ts';
import { FakeEngine } from './fake-engine.ts';

/** An answer, with its body parsed when it is JSON. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: unknown;
}

/** A server that a test can talk to. */
export class FakeServer {
  readonly engine = new FakeEngine();
  readonly time = new VirtualTime();
  readonly http: FastifyInstance;

  constructor(options: Partial<OrchestratorHttpOptions> = {}) {
    this.http = createOrchestratorHttp(this.engine, {
      time: this.time,
      random: new SeededRandom('test'),
      log: silentLogger,
      leader: () => 'leader.example:8080',
      ready: () => true,
      ...options,
    });
  }

  /** Sends a request. A body that is no text is sent as JSON. */
  async ask(
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS',
    url: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TestAnswer> {
    const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const answer = await this.http.inject({
      method,
      url,
      headers: { 'content-type': 'application/json', ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    const parsed: unknown = isJson && answer.headers['content-encoding'] === undefined ? answer.json() : undefined;
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body: parsed };
  }
}

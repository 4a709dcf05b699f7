/** The API over a whole orchestrator in virtual time, for tests of what is really done and what survives. */
import { SeededRandom, silentLogger } from '@stadion/base';
import type { FastifyInstance } from 'fastify';
import { TestPlatform } from '../../engine/testing/platform.ts';
import type { OrchestratorHttpOptions } from '../options.ts';
import { createOrchestratorHttp } from '../server.ts';

/** No answer takes longer, in virtual milliseconds. */
const ANSWER_MS_MAX = 1000;

/** A server that a test can talk to, until the engine below it dies. */
export class EngineServer {
  readonly platform: TestPlatform;
  private readonly http: FastifyInstance;

  /** @param more what the API is given besides; several servers may be over one platform */
  constructor(
    platform: TestPlatform,
    more: Pick<OrchestratorHttpOptions, 'sightOf' | 'names' | 'edge' | 'cluster'> = {},
  ) {
    this.platform = platform;
    this.http = createOrchestratorHttp(platform.engine, {
      time: platform.time,
      random: new SeededRandom('api'),
      log: silentLogger,
      leader: () => 'leader.example:8080',
      ready: () => true,
      ...more,
    });
  }

  static async started(): Promise<EngineServer> {
    return new EngineServer(await TestPlatform.started());
  }

  /**
   * Sends a request and lets time pass until it is answered.
   * @param body sent as JSON; undefined: none
   * @throws Error when there is no answer in time
   */
  async ask(
    method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly text: string }> {
    let isAnswered = false;
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const answer = this.http.inject({ method, url, ...payload }).then((got) => {
      isAnswered = true;
      return { status: got.statusCode, text: got.payload };
    });
    for (let waited = 0; !isAnswered; waited += 1) {
      if (waited === ANSWER_MS_MAX) throw new Error(`${method} ${url} hangs`);
      await this.platform.time.advance(1);
    }
    return answer;
  }
}

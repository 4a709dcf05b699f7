import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isApiError } from './api-error.ts';
import { createAgentClient, createMasterClient } from './mesos-clients.ts';
import { createOrchestratorClient, type OrchestratorClient } from './orchestrator-client.ts';

/** A real server on the loopback, so that the real fetch is in play. */
let server: Server;
let client: OrchestratorClient;
let baseUrl: string;
let seen: { method: string; url: string; body: string; accept: string }[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (_request, response) => json(response, 200, {});
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', body, accept: request.headers.accept ?? '' });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createOrchestratorClient({ baseUrl });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

describe('the orchestrator client', () => {
  it('puts ids, queries and bodies where the route table says', async () => {
    answer = (_request, response) => json(response, 200, { app: { id: '/a b/c' } });
    await client.getApp({ params: { id: '/a b/c?d' }, query: { embed: ['app.tasks', 'app.counts'] } });
    answer = (_request, response) => json(response, 200, { version: 'v', deploymentId: 'd' });
    await client.putApp({ params: { id: 'a' }, query: { force: true }, body: { instances: 2 } });
    await client.restartApp({ params: { id: '/a/b' } });
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/v2/apps/a%20b/c%3Fd?embed=app.tasks&embed=app.counts', ''],
      ['PUT', '/v2/apps/a?force=true', '{"instances":2}'],
      ['POST', '/v2/apps/a/b/restart', ''],
    ]);
  });

  it('sends nothing for an id that would climb out or is empty', async () => {
    for (const id of ['../deployments', '/a/./b', '', '/']) {
      await expect(client.deleteApp({ params: { id } })).rejects.toMatchObject({ code: 'parameter-invalid' });
    }
    expect(seen).toEqual([]);
  });

  it('gives texts as texts, and null for an empty answer', async () => {
    answer = (_request, response) => response.end('pong');
    expect(await client.ping()).toBe('pong');
    expect(seen[0]?.accept).toMatch(/^text\/plain/);
    answer = (_request, response) => json(response, 200, 'pong');
    expect(await client.ping()).toBe('pong');
    answer = (_request, response) => response.writeHead(202).end();
    expect(await client.cancelDeployment({ params: { deploymentId: 'd' }, query: { force: true } })).toBeNull();
  });

  it('rejects with the status and body of a refusal', async () => {
    const details = [{ path: '/cpus', errors: ['too small'] }];
    answer = (_request, response) => json(response, 422, { message: 'Object is not valid', details });
    const error: unknown = await client.createApp({ body: { id: 'x' } }).catch((thrown: unknown) => thrown);
    expect(isApiError(error) && [error.status, error.answer.message, error.answer.details]).toEqual([
      422,
      'Object is not valid',
      details,
    ]);
    answer = (_request, response) => response.writeHead(502).end('<html>no leader</html>');
    await expect(client.listApps()).rejects.toMatchObject({
      status: 502,
      retryable: true,
      message: 'HTTP status 502: <html>no leader</html>',
    });
  });

  it('says that somebody else answers at the address', async () => {
    answer = (_request, response) => response.end('<html>hello</html>');
    await expect(client.listApps()).rejects.toMatchObject({ code: 'orchestrator-answer-unexpected' });
    answer = (_request, response) => json(response, 200, { slaves: [] });
    await expect(client.listApps()).rejects.toThrow(/does not look like an orchestrator/);
  });

  it('says what to do when nobody answers, and gives a cancellation back as it is', async () => {
    const nobody = createOrchestratorClient({ baseUrl: 'http://127.0.0.1:1', advice: 'Start it.' });
    await expect(nobody.ping()).rejects.toMatchObject({
      code: 'orchestrator-unreachable',
      retryable: true,
      message: 'No orchestrator answers at http://127.0.0.1:1. Start it.',
    });
    const reason = new Error('enough');
    await expect(client.ping({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('breaks off with an error when the answer is cut short', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"apps":[');
      response.socket?.destroySoon();
    };
    await expect(client.listApps()).rejects.toMatchObject({ code: 'orchestrator-unreachable' });
  });

  it('follows events, passes over what it cannot read, and ends with the stream', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        'event: app_terminated_event\r\ndata: {"eventType":"app_terminated_event","appId":"/é"}\r\n\r\n\r\n',
      );
      response.write('event: x\r\ndata: {broken\r\n\r\ndata: null\r\n\r\n');
      response.end('data: {"eventType":"deployment_success","id":"d"}\r\n\r\n');
    };
    const events = await client.events({ types: ['app_terminated_event', 'deployment_success'] });
    const types = [];
    for await (const event of events) types.push(event.eventType);
    expect(types).toEqual(['app_terminated_event', 'deployment_success']);
    expect(seen[0]).toMatchObject({
      url: '/v2/events?event_type=app_terminated_event&event_type=deployment_success&plan-format=light',
      accept: 'text/event-stream',
    });
  });

  it('goes on behind an event that was seen, and says whether that is everything', async () => {
    answer = (request, response) => {
      const isKnown = request.headers['last-event-id'] === 'run-7';
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-stadion-events-resumed': String(isKnown) });
      response.end('data: {"eventType":"app_terminated_event","appId":"/a"}\r\nid: run-8\r\n\r\n');
    };
    const resumed = await client.resumeEvents({ after: 'run-7' });
    expect(resumed.isComplete).toBe(true);
    for await (const { id, event } of resumed) expect([id, event.eventType]).toEqual(['run-8', 'app_terminated_event']);
    expect((await client.resumeEvents({ after: 'other-7' })).isComplete).toBe(false);
  });

  it('rejects when the event stream is refused or breaks', async () => {
    answer = (_request, response) => json(response, 403, { message: 'no' });
    await expect(client.events()).rejects.toMatchObject({ status: 403 });
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
      response.socket?.destroySoon();
    };
    const events = await client.events();
    const read = async (): Promise<void> => {
      for await (const event of events) expect(event).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject({ code: 'orchestrator-unreachable' });
  });
});

describe('the clients of masters and agents', () => {
  it('ask for one task, and read a file by bytes', async () => {
    answer = (_request, response) => json(response, 200, { tasks: [] });
    await createMasterClient({ baseUrl }).tasks({ taskId: 'a/b', limit: 1 });
    answer = (_request, response) => json(response, 200, { offset: 5, data: '' });
    expect(await createAgentClient({ baseUrl }).readFile('/s/stdout', { offset: -1 })).toEqual({ offset: 5, data: '' });
    expect(seen.map(({ url }) => url)).toEqual([
      '/tasks?task_id=a%2Fb&limit=1',
      '/files/read?path=%2Fs%2Fstdout&offset=-1',
    ]);
  });
});

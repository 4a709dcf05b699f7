import { once } from 'node:events';
import { connect } from 'node:net';
import { delay } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appDefinition } from '../engine/testing/definitions.ts';
import { EVENTS_OUTSTANDING_MAX, EVENT_LOG_KEEP_MS, EVENT_STREAM_FAREWELL_MS, FULL_PLAN_APPS_MAX } from './limits.ts';
import { listenTo, type Listener } from './testing/event-listener.ts';
import { FakeServer } from './testing/fake-server.ts';

let server: FakeServer;
let address: string;

beforeEach(async () => {
  server = new FakeServer();
  address = await server.http.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await server.http.close();
});

function listen(path = '/v2/events', headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
  return listenTo(`${address}${path}`, headers);
}

function event(appId: string, message = ''): OrchestratorEvent {
  return {
    eventType: 'status_update_event',
    timestamp: '2026-01-01T00:00:00.000Z',
    slaveId: 'S0',
    taskId: 't',
    taskStatus: 'TASK_RUNNING',
    message,
    appId,
    host: 'n1',
    ipAddresses: [],
    ports: [],
    version: 'v',
  };
}

/** Waits until something holds, giving the sockets their turns. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(systemTimers, 0);
}

test('is refused without Accept: text/event-stream', async () => {
  for (const accept of ['*/*', 'application/json', '']) {
    expect((await server.ask('GET', '/v2/events', undefined, { accept })).status).toBe(405);
  }
  expect((await server.ask('HEAD', '/v2/events', undefined, { accept: 'text/event-stream' })).status).toBe(405);
});

test('begins with its own attachment, then carries every event in lines that end with CRLF', async () => {
  const listener = await listen();
  await listener.until('event_stream_attached"');
  server.engine.events.publish(event('/web'));
  const text = await listener.until('/web');
  expect(listener.response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'x-marathon-leader': 'http://leader.example:8080',
  });
  expect(text.startsWith('event: event_stream_attached\r\ndata: {"eventType":"event_stream_attached"')).toBe(true);
  expect(text.match(/event: event_stream_attached/g)).toHaveLength(1);
  expect(text).toContain(`\r\n\r\nevent: status_update_event\r\ndata: ${JSON.stringify(event('/web'))}\r\nid: `);
});

test('everybody else hears who comes and goes', async () => {
  const first = await listen();
  const second = await listen();
  await first.until('event_stream_attached"');
  second.leave();
  expect(await first.until('event_stream_detached')).toContain('"remoteAddress":"127.0.0.1"');
});

test('carries only the types that were asked for, its own attachment included', async () => {
  const listener = await listen(
    '/v2/events?event_type=status_update_event&event_type=app_terminated_event&plan-format=light',
  );
  server.engine.events.publish({ eventType: 'scheduler_disconnected_event', timestamp: 't' });
  server.engine.events.publish(event('/web'));
  server.engine.events.publish({ eventType: 'app_terminated_event', timestamp: 't', appId: '/last' });
  const text = await listener.until('/last');
  expect(text.match(/event: \w+/g)).toEqual(['event: status_update_event', 'event: app_terminated_event']);
});

test('closes a stream that asks for full plans of a root that is too large to be sent twice with every event', async () => {
  const apps = Array.from({ length: FULL_PLAN_APPS_MAX + 1 }, (_, index) => appDefinition(`/app-${String(index)}`));
  server.engine.planRoots = { original: [], target: apps };
  const light = await listen();
  const full = await listen('/v2/events?plan-format=full');
  const ended = once(full.response, 'close');
  const plan = { id: 'd', version: 'v', steps: [] };
  server.engine.events.publish({ eventType: 'deployment_success', timestamp: 't', id: 'd', plan });
  expect(await full.until(': closed')).toContain('ask for plan-format=light');
  await ended;
  expect(await light.until('deployment_success')).toContain(JSON.stringify(plan));
  light.leave();
});

test('is never compressed', async () => {
  const listener = await listen('/v2/events', { 'accept-encoding': 'gzip' });
  expect(listener.response.headers['content-encoding']).toBeUndefined();
});

test('shows a sign of life every ten seconds', async () => {
  const listener = await listen();
  await listener.until('\r\n\r\n');
  await until(() => server.http.server.listening);
  await server.time.advance(10_000);
  await listener.until('\r\n\r\n\r\n');
  await server.time.advance(10_000);
  await listener.until('\r\n\r\n\r\n\r\n');
});

test('a reader that does not read is closed, and slows nobody', async () => {
  const { port } = new URL(address);
  const sleeper = connect(Number(port), '127.0.0.1');
  sleeper.pause();
  sleeper.write('GET /v2/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n');
  await until(() => server.engine.listening === 1);
  const reader = await listen();
  await reader.until('event_stream_attached"');
  const long = 'x'.repeat(10_000);
  for (let sent = 0; sent < EVENTS_OUTSTANDING_MAX * 3; sent += 1) {
    server.engine.events.publish(event(`/app-${String(sent)}`, long));
    if (sent % 100 === 99) await reader.until(`/app-${String(sent)}"`);
  }
  await server.time.advance(EVENT_STREAM_FAREWELL_MS);
  await reader.until('event_stream_detached');
  reader.leave();
  sleeper.destroy();
});

test('says why it closes to a reader that still reads', async () => {
  const listener = await listen();
  await listener.until('event_stream_attached"');
  // All in one turn: nothing can be read in between.
  for (let sent = 0; sent < EVENTS_OUTSTANDING_MAX * 2; sent += 1) {
    server.engine.events.publish(event('/web', 'x'.repeat(10_000)));
  }
  const ended = once(listener.response, 'close');
  expect(await listener.until(': closed')).toContain(
    `: closed: more than ${String(EVENTS_OUTSTANDING_MAX)} events waited to be read\r\n`,
  );
  await ended;
});

test('listens to the bus while somebody listens to it, and for five minutes after', async () => {
  const listener = await listen();
  expect(server.engine.listening).toBe(1);
  listener.leave();
  await until(() => server.engine.published.some(({ eventType }) => eventType === 'event_stream_detached'));
  expect(server.engine.listening).toBe(1);
  await server.time.advance(EVENT_LOG_KEEP_MS);
  expect(server.engine.listening).toBe(0);
  expect((await server.ask('GET', '/metrics')).body).toMatchObject({
    gauges: { 'marathon.http.event-streams.active.gauge': { value: 0 } },
  });
});

test('ends when the server stops, and says so', async () => {
  const listener = await listen();
  const ended = once(listener.response, 'close');
  await server.http.close();
  await ended;
  expect(listener.text).toContain(': the server is stopping');
});

test('types that Marathon does not know reach those who name them or ask for extensions, and nobody else', async () => {
  const plain = await listen();
  const asking = await listen('/v2/events', { 'x-stadion-extensions': 'true' });
  const naming = await listen('/v2/events?event_type=instance_serving_changed_event');
  for (const listener of [plain, asking]) await listener.until('event_stream_attached"');
  await until(() => server.engine.listening === 1);
  server.engine.events.publish({
    eventType: 'instance_serving_changed_event',
    timestamp: '2026-01-01T00:00:00.000Z',
    instanceId: 'web.instance-1',
    taskId: 'web.instance-1._app.1',
    runSpecId: '/web',
    serving: false,
    draining: true,
    reason: 'draining',
  });
  server.engine.events.publish(event('/last'));
  for (const listener of [asking, naming]) await listener.until('"reason":"draining"');
  expect(await plain.until('/last')).not.toContain('instance_serving_changed_event');
});

test('a reader that comes back with the id of its last event misses none, and gets none twice', async () => {
  const first = await listen();
  await first.until('event_stream_attached"');
  server.engine.events.publish(event('/seen'));
  const seen = await first.until('/seen');
  const id = /\/seen.*\r\nid: (\S+)\r\n/.exec(seen)?.[1] ?? '';
  expect(id).not.toBe('');
  first.leave();
  await until(() => server.engine.published.some(({ eventType }) => eventType === 'event_stream_detached'));
  server.engine.events.publish(event('/missed'));
  const second = await listen('/v2/events?event_type=status_update_event', { 'last-event-id': id });
  server.engine.events.publish(event('/next'));
  const text = await second.until('/next');
  expect(text.match(/"appId":"[^"]*"/g)).toEqual(['"appId":"/missed"', '"appId":"/next"']);
});

test('a reader that lost its connection before anything happened goes on from its attachment', async () => {
  const first = await listen();
  const id = /\r\nid: (\S+)\r\n/.exec(await first.until('\r\nid: '))?.[1] ?? '';
  first.leave();
  await until(() => server.engine.published.some(({ eventType }) => eventType === 'event_stream_detached'));
  server.engine.events.publish(event('/missed'));
  // Cut again before it has read what it missed: its last id still is the one that it came with.
  const second = await listen('/v2/events', { 'last-event-id': id });
  const text = await second.until('/missed');
  expect(/event_stream_attached.*\r\nid: (\S+)\r\n/.exec(text)?.[1]).toBe(id);
  expect(text).not.toContain('events_lost_event');
});

test('a reader whose events were those of an earlier process is told so before anything else has an id', async () => {
  const time = new VirtualTime();
  await time.advance(1);
  const earlier = new FakeServer({ time });
  const before = await listenTo(`${await earlier.http.listen({ host: '127.0.0.1', port: 0 })}/v2/events`);
  const id = /\r\nid: (\S+)\r\n/.exec(await before.until('\r\nid: '))?.[1] ?? '';
  await earlier.http.close();
  const after = await listen('/v2/events', { 'last-event-id': id });
  const text = await after.until('"readAnew"');
  expect(after.response.headers['x-stadion-events-resumed']).toBe('false');
  expect(text).toMatch(/^event: event_stream_attached\r\ndata: .*\r\n\r\nevent: events_lost_event\r\n/);
  expect(text).toContain('"reason":"other-server"');
});

test('a reader that was told of a gap goes on from there the next time', async () => {
  const first = await listen('/v2/events', { 'last-event-id': 'other-1' });
  const id = /"readAnew".*\r\nid: (\S+)\r\n/.exec(await first.until('\r\nid: '))?.[1] ?? '';
  server.engine.events.publish(event('/since'));
  const second = await listen('/v2/events?event_type=status_update_event', { 'last-event-id': id });
  expect(await second.until('/since')).not.toContain('events_lost_event');
});

test('the client that fails on plans without roots gets empty ones', async () => {
  const strict = await listen('/v2/events', { 'user-agent': 'python-requests/2.28.1' });
  const other = await listen();
  for (const listener of [strict, other]) await listener.until('event_stream_attached"');
  server.engine.events.publish({
    eventType: 'deployment_success',
    timestamp: '2026-01-01T00:00:00.000Z',
    id: 'd',
    plan: { id: 'd', version: '2026-01-01T00:00:00.000Z', steps: [] },
  });
  expect(await strict.until('deployment_success"')).toContain('"original":{},"target":{}');
  expect(await other.until('deployment_success"')).not.toContain('"original"');
});

test('a reader that cannot be resumed is told to read the state anew', async () => {
  for (const id of ['nonsense', 'other-1', '-1', '9'.repeat(400)]) {
    const listener = await listen('/v2/events', { 'last-event-id': id });
    const text = await listener.until('"readAnew"');
    expect(text).toContain('event: events_lost_event\r\n');
    expect(text).toContain(JSON.stringify(id));
    expect(text).toContain('"reason":"other-server"');
  }
});

test('the latest events are listed with their ids, also to those who do not follow the stream', async () => {
  const listener = await listen();
  await listener.until('event_stream_attached"');
  for (const id of ['/one', '/two', '/three']) server.engine.events.publish(event(id));
  const text = await listener.until('/three');
  const ids = [...text.matchAll(/\r\nid: (\S+)\r\n/g)].map(([, id]) => id);
  const { body } = await server.ask('GET', '/v2/events/recent?limit=2');
  expect(body).toMatchObject({
    events: [
      { id: ids.at(-2), event: { appId: '/two' } },
      { id: ids.at(-1), event: { appId: '/three' } },
    ],
  });
});

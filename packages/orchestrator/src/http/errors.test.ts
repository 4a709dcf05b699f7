import { PlatformError } from '@stadion/base';
import { ErrorAnswer } from '@stadion/contract/orchestrator';
import { Value } from '@sinclair/typebox/value';
import { expect, test } from 'vitest';
import type { Rejection } from '../engine.ts';
import { BODY_BYTES_MAX } from './limits.ts';
import { FakeServer, type TestAnswer } from './testing/fake-server.ts';

function refusedWith(refusal: Rejection): Promise<TestAnswer> {
  const server = new FakeServer();
  server.engine.refusal = refusal;
  return server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run' });
}

test('400: broken JSON, with the text of the parser', async () => {
  const answer = await new FakeServer().ask('POST', '/v2/apps', '{"id":');
  expect(answer).toMatchObject({ status: 400, body: { message: 'Invalid JSON', details: expect.any(String) } });
});

test('400: a body that is no text', async () => {
  const server = new FakeServer();
  const answer = await server.http.inject({
    method: 'POST',
    url: '/v2/apps',
    payload: Buffer.from([0x22, 0xff, 0x22]),
  });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ message: 'Invalid JSON' });
});

test.each([
  ['POST', '/v2/apps', '[]'],
  ['POST', '/v2/apps', '"x"'],
  ['PUT', '/v2/apps', '{}'],
  ['POST', '/v2/tasks/delete', '[]'],
] as const)('400: %s %s of %s has the wrong top', async (method, url, body) => {
  expect(await new FakeServer().ask(method, url, body)).toMatchObject({
    status: 400,
    body: { message: 'Please specify data in JSON format', details: expect.any(String) },
  });
});

test('400: no body at all', async () => {
  expect((await new FakeServer().ask('POST', '/v2/apps')).status).toBe(400);
});

test('400: scaling and wiping at once', async () => {
  expect(await new FakeServer().ask('DELETE', '/v2/apps/web/tasks?scale=true&wipe=true')).toMatchObject({
    status: 400,
    body: { message: 'You cannot use scale and wipe at the same time.' },
  });
});

test('403: too many deployments', async () => {
  const answer = await refusedWith({ kind: 'too-many-deployments', limit: 100 });
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('Max number (100) of running deployments');
});

test('404: an app that does not exist', async () => {
  expect(await new FakeServer().ask('GET', '/v2/apps/x')).toMatchObject({
    status: 404,
    body: { message: "App '/x' does not exist" },
  });
});

test('404: a path that does not exist', async () => {
  for (const url of ['/v2/nothing', '/v1/apps', '/v2', '/favicon.ico']) {
    expect(await new FakeServer().ask('GET', url)).toMatchObject({ status: 404, body: { message: 'URI not found' } });
  }
});

test('405: a method that a path does not know', async () => {
  const answer = await new FakeServer().ask('DELETE', '/v2/info');
  expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET' } });
});

test('409: an id that is taken, without deployments', async () => {
  const server = new FakeServer();
  await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run' });
  const answer = await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run' });
  expect(answer.status).toBe(409);
  expect(answer.body).toEqual({ message: 'An app with id [/web] already exists.' });
});

test('409: an app that is locked, with the deployments that lock it', async () => {
  const answer = await refusedWith({ kind: 'locked', deploymentIds: ['d1', 'd2'] });
  expect(answer.status).toBe(409);
  expect(answer.body).toEqual({
    message:
      "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
    deployments: [{ id: 'd1' }, { id: 'd2' }],
  });
});

test('413: a body beyond the limit', async () => {
  const answer = await new FakeServer().ask('POST', '/v2/apps', { id: 'web', cmd: 'x'.repeat(10 * 1024 * 1024) });
  expect(answer).toMatchObject({
    status: 413,
    body: { message: `The body is larger than the limit of ${String(BODY_BYTES_MAX)} bytes` },
  });
});

test('422: a wrong type', async () => {
  const answer = await new FakeServer().ask('POST', '/v2/apps', { id: 5 });
  expect(answer.status).toBe(422);
  expect(answer.body).toEqual({
    message: 'Invalid JSON',
    details: [{ path: '/id', errors: ['error.expected.jsstring'] }],
  });
});

test('422: a wrong meaning', async () => {
  const answer = await new FakeServer().ask('POST', '/v2/apps', { id: 'web' });
  expect(answer.status).toBe(422);
  expect(answer.body).toEqual({
    message: 'Object is not valid',
    details: [
      {
        path: '/',
        errors: ["AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."],
      },
    ],
  });
});

test('422: a bad label selector', async () => {
  const answer = await new FakeServer().ask('GET', '/v2/apps?label=a%3D');
  expect(answer).toMatchObject({ status: 422, body: { message: expect.stringContaining('Invalid label selector') } });
});

test('500: something unexpected, without a word about our insides', async () => {
  const server = new FakeServer();
  server.engine.failure = new TypeError('cannot read properties of undefined');
  const answer = await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run' });
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain('undefined');
});

test('503: the store or the engine cannot, now', async () => {
  const server = new FakeServer();
  server.engine.failure = new PlatformError('store-timeout', 'The store did not answer.', { retryable: true });
  expect(await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run' })).toMatchObject({
    status: 503,
    body: { message: 'The store did not answer.' },
  });
  expect(await refusedWith({ kind: 'unavailable', message: 'not leading' })).toMatchObject({
    status: 503,
    body: { message: 'not leading' },
  });
});

test('503: while state is being loaded, save for /ping', async () => {
  const server = new FakeServer({ ready: () => false });
  expect((await server.ask('GET', '/v2/apps')).status).toBe(503);
  expect((await server.ask('GET', '/ping')).status).toBe(200);
});

test('every error has the one shape and the headers of every answer', async () => {
  const server = new FakeServer();
  for (const url of ['/v2/apps/x', '/v2/nothing', '/v2/groups/x', '/v2/apps?label=%3D', '/v2/apps/%zz', '/%ff']) {
    const answer = await server.ask('GET', url);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(Value.Check(ErrorAnswer, answer.body)).toBe(true);
    expect(answer.headers).toMatchObject({
      'x-marathon-leader': 'http://leader.example:8080',
      'x-frame-options': 'DENY',
      'x-xss-protection': '1; mode=block',
      'cache-control': 'no-cache, no-store, must-revalidate',
      pragma: 'no-cache',
      expires: '0',
    });
  }
});

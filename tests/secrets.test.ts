/** Secrets of apps: kept sealed, given to tasks, and seen nowhere else. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { filesWith } from './support/cluster-sessions.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

const VALUE = 'hunter2-is-secret';
const PATH = '/secrets/v1/secret/default/team/password';

describe('secrets', () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
  }, 60_000);
  afterAll(() => platform.dispose(), 60_000);

  it('are set, listed without their values, changed and deleted', async () => {
    expect((await platform.call('PUT', PATH, { value: 'first' })).status).toBe(201);
    expect((await platform.call('PUT', PATH, { value: 'other' })).status).toBe(409);
    expect((await platform.call('PATCH', PATH, { value: VALUE })).status).toBe(204);
    const { body } = await platform.call('GET', PATH);
    expect(body).toMatchObject({ path: 'team/password', value: '***' });
    expect((await platform.call('GET', '/secrets/v1/secret/default/?list=true')).body).toEqual({
      array: ['team/password'],
    });
    expect((await platform.call('DELETE', '/secrets/v1/secret/default/nothing')).status).toBe(404);
    expect((await platform.call('PUT', '/secrets/v1/secret/default/a%20b', { value: 'x' })).status).toBe(422);
    expect((await platform.cli('secret', 'list', '-q')).stdout).toBe('team/password\n');
  });

  it('reach a task by its environment and as a file of its own, and nobody else', async () => {
    const events = await EventRecorder.open(platform.addresses.orchestrator);
    const app = shellApp('/user', 'printf "%s|" "$PASSWORD" >seen; cat key >>seen; sleep 1000', {
      env: { PASSWORD: { secret: 'one' } },
      secrets: { one: { source: 'team/password' } },
      container: { type: 'MESOS', volumes: [{ containerPath: 'key', secret: 'one' }] },
    });
    await platform.change('POST', '/v2/apps', app);
    const [task] = await platform.tasks('/user');
    const sandbox = await platform.sandboxOf(task?.id ?? '');
    const seen = await waitFor('the task has looked', async () => {
      const text = await readFile(join(sandbox, 'seen'), 'utf8').catch(() => '');
      return text.length > VALUE.length + 1 && text;
    });
    expect(seen).toBe(`${VALUE}|${VALUE}`);
    expect((await stat(join(sandbox, 'key'))).mode & 0o777).toBe(0o400);
    for (const [role, path] of [
      ['agent', '/state'],
      ['master', '/state'],
      ['master', '/tasks'],
    ] as const) {
      expect(JSON.stringify((await platform.ask(role, path)).body)).not.toContain(VALUE);
    }
    expect(JSON.stringify((await platform.call('GET', '/v2/apps/user')).body)).not.toContain(VALUE);
    expect(JSON.stringify(events.events)).not.toContain(VALUE);
    events.close();
    await platform.change('DELETE', '/v2/apps/user');
    // What a file system in memory holds goes a moment after the end of the task is told.
    await waitFor('the file is gone', () =>
      readFile(join(sandbox, 'key'), 'utf8').then(
        (text) => (text.includes(VALUE) ? undefined : true),
        () => true,
      ),
    );
  }, 60_000);

  it('are nowhere on the disk in clear, but where the task wrote them', async () => {
    const found = await filesWith(VALUE, platform.dataDirectory);
    expect(found.filter((path) => basename(path) !== 'seen')).toEqual([]);
    expect((await stat(join(platform.dataDirectory, 'secrets.key'))).mode & 0o777).toBe(0o600);
  });

  it('that are missing are named', async () => {
    const app = shellApp('/lacks', 'true', { env: { X: { secret: 'x' } }, secrets: { x: { source: 'no/such' } } });
    await platform.call('POST', '/v2/apps', app);
    const failed = await waitFor('it failed', async () => {
      const { body } = await platform.call('GET', '/v2/apps/lacks?embed=app.lastTaskFailure');
      return body.app.lastTaskFailure;
    });
    expect(failed.message).toBe('secret-not-found: There is no secret no/such: stadion secret set makes one');
    await platform.change('DELETE', '/v2/apps/lacks');
  }, 60_000);

  it('outlive a restart', async () => {
    await platform.end('SIGKILL');
    await platform.startAgain();
    expect((await platform.call('GET', PATH)).status).toBe(200);
    expect((await platform.cli('secret', 'delete', 'team/password')).code).toBe(0);
    expect((await platform.call('GET', PATH)).status).toBe(404);
  }, 60_000);
});

/**
 * The requests of go-marathon, in its order and form, and its rules for answers: what Terraform, Traefik and many command
 * lines do. Not the client itself, which is a library in Go.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { undecodable, type GoType } from './support/go-decoder.ts';
import { ANSWERS } from './support/go-marathon-types.ts';
import { RunningPlatform, callJson, waitFor, type Answer } from './support/running-platform.ts';

/** What its builder of apps makes of one, with the members that it sends although nobody has set them. */
const APP = {
  id: '/go/web',
  cmd: 'exec sleep 1000',
  args: null,
  constraints: null,
  cpus: 0.01,
  disk: 0,
  env: { GREETING: 'hello' },
  healthChecks: null,
  instances: 2,
  mem: 16,
  ports: null,
  dependencies: null,
  labels: { team: 'go' },
  fetch: null,
  portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http' }],
  upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 },
};

describe('a client like go-marathon', { timeout: 60_000 }, () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
  }, 60_000);
  afterAll(async () => {
    await platform.dispose();
  });

  /** One call: headers as it sends them, and the answer decoded as it does. */
  async function call(method: string, uri: string, into: GoType | undefined, body?: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const url = `${platform.addresses.orchestrator}/${uri}`;
    const answer = await callJson(url, method, body === undefined ? undefined : JSON.stringify(body), headers);
    expect([method, uri, answer.status < 300 ? 'good' : answer.body]).toEqual([method, uri, 'good']);
    if (into !== undefined) expect(undecodable(answer.body, into)).toEqual([]);
    return answer;
  }

  /** It looks every so often whether a deployment is still in the list. */
  const waitOnDeployment = (id: string) =>
    waitFor(`deployment ${id} is over`, async () => {
      const { body } = await call('GET', 'v2/deployments', ANSWERS.deployments);
      return !body.some((deployment: { id: string }) => deployment.id === id);
    });

  /** An app is well when it has its tasks, none of its deployments runs, and all results of checks are good. */
  const waitOnApplication = (name: string) =>
    waitFor(`${name} is well`, async () => {
      const { app } = (await call('GET', `v2/apps/${name}`, ANSWERS.app)).body;
      const running = app.tasks.filter(({ state }: { state: string }) => state === 'TASK_RUNNING');
      return running.length === app.instances && app.deployments.length === 0 && app;
    });

  it('finds a leader, creates an app, waits for it, and sees all its versions', async () => {
    expect((await call('GET', 'ping', undefined)).body).toBe('pong');
    await call('GET', 'v2/info', ANSWERS.info);
    expect((await call('GET', 'v2/leader', ANSWERS.leader)).body.leader).not.toContain('http');
    const created = await call('POST', 'v2/apps', ANSWERS.created, APP);
    expect(created.body.deployments).toHaveLength(1);
    await waitOnDeployment(created.body.deployments[0].id);
    const app = await waitOnApplication('go/web');
    expect(app.env).toEqual(APP.env);

    const scaled = await call('PUT', 'v2/apps/go/web?force=true', ANSWERS.deployment, { id: 'go/web', instances: 1 });
    await waitOnDeployment(scaled.body.deploymentId);
    const { versions } = (await call('GET', 'v2/apps/go/web/versions', ANSWERS.versions)).body;
    expect(versions).toHaveLength(2);
    await call('GET', `v2/apps/go/web/versions/${versions[1]}`, ANSWERS.created);
    const back = await call('PUT', 'v2/apps/go/web', ANSWERS.deployment, { version: versions[1] });
    await waitOnDeployment(back.body.deploymentId);
    expect((await waitOnApplication('go/web')).instances).toBe(2);
    const restarted = await call('POST', 'v2/apps/go/web/restart?force=true', ANSWERS.deployment);
    await waitOnDeployment(restarted.body.deploymentId);
    // It sends back what it has read, less the version.
    const { version: _version, ...whole } = await waitOnApplication('go/web');
    const updated = await call('PUT', 'v2/apps/go/web?force=false', ANSWERS.deployment, { ...whole, mem: 17 });
    await waitOnDeployment(updated.body.deploymentId);
    expect((await waitOnApplication('go/web')).mem).toBe(17);
  });

  it('lists as Traefik does, and kills tasks', async () => {
    const embeds = ['apps.tasks', 'apps.deployments', 'apps.readiness', 'apps.counts', 'apps.taskStats'];
    const query = embeds.map((embed) => `embed=${embed}`).join('&');
    const { apps } = (await call('GET', `v2/apps?${query}`, ANSWERS.apps)).body;
    expect(apps.map(({ id }: { id: string }) => id)).toEqual(['/go/web']);
    const [first, second] = (await call('GET', 'v2/apps/go/web/tasks', ANSWERS.tasks)).body.tasks;
    await call('GET', 'v2/tasks?status=running', ANSWERS.tasks);
    await call('DELETE', `v2/apps/go/web/tasks?host=${first.host}&scale=false&force=false`, ANSWERS.tasks);
    await waitFor('both are replaced', async () => {
      const { tasks } = (await call('GET', 'v2/apps/go/web/tasks', ANSWERS.tasks)).body;
      const ids = tasks.map(({ id }: { id: string }) => id);
      return ids.length === 2 && !ids.includes(first.id) && !ids.includes(second.id);
    });
    const app = await waitOnApplication('go/web');
    await call('POST', 'v2/tasks/delete?scale=true', ANSWERS.deployment, { ids: [app.tasks[0].id] });
    expect((await waitOnApplication('go/web')).instances).toBe(1);
  });

  it('manages groups', async () => {
    const member = { ...APP, id: 'api', instances: 1 };
    const group = { id: '/go-group', apps: [member], dependencies: [], groups: [] };
    const created = await call('POST', 'v2/groups', ANSWERS.deployment, group);
    await waitOnDeployment(created.body.deploymentId);
    await waitOnApplication('go-group/api');
    await call('GET', 'v2/groups', ANSWERS.group);
    const shown = await call('GET', 'v2/groups/go-group?embed=group.groups&embed=group.apps', ANSWERS.group);
    expect(shown.body.apps.map(({ id }: { id: string }) => id)).toEqual(['/go-group/api']);
    const apps = [{ ...member, cmd: 'exec sleep 2000' }];
    const updated = await call('PUT', 'v2/groups/go-group?force=true', ANSWERS.deployment, { ...group, apps });
    await waitOnDeployment(updated.body.deploymentId);
    expect((await waitOnApplication('go-group/api')).cmd).toBe('exec sleep 2000');
    const deleted = await call('DELETE', 'v2/groups/go-group?force=true', ANSWERS.deployment);
    await waitOnDeployment(deleted.body.deploymentId);
  });

  it('reads the queue, takes a delay away, and cancels a deployment', async () => {
    const huge = await call('POST', 'v2/apps', ANSWERS.created, { ...APP, id: '/go/huge', cpus: 1000 });
    const item = await waitFor('it waits', async () => {
      const { queue } = (await call('GET', 'v2/queue', ANSWERS.queue)).body;
      return queue.find((each: { app: { id: string } }) => each.app.id === '/go/huge');
    });
    expect(item.count).toBe(2);
    await call('DELETE', 'v2/queue/go/huge/delay', undefined);
    const [{ id }] = huge.body.deployments;
    const undone = await call('DELETE', `v2/deployments/${id}`, ANSWERS.deployment);
    await waitOnDeployment(undone.body.deploymentId);
    await call('DELETE', 'v2/apps/go/web?force=true', ANSWERS.deployment);
    await platform.settled();
    expect((await call('GET', 'v2/apps', ANSWERS.apps)).body).toEqual({ apps: [] });
  });

  it('tells errors apart by status and members alone', async () => {
    const ask = (method: string, uri: string, body?: unknown): Promise<Answer> =>
      platform.call(method, `/${uri}`, body);
    expect((await ask('GET', 'v2/apps/nobody')).status).toBe(404);
    await call('POST', 'v2/apps', ANSWERS.created, { ...APP, id: '/go/huge', cpus: 1000 });
    const taken = await ask('POST', 'v2/apps', { ...APP, id: '/go/huge' });
    expect([taken.status, taken.body.deployments]).toEqual([409, undefined]);
    const locked = await ask('PUT', 'v2/apps/go/huge', { id: 'go/huge', instances: 1 });
    expect(locked.status).toBe(409);
    expect(locked.body.deployments).toEqual([{ id: expect.any(String) }]);
    const details: GoType = { message: 'string', details: [{ path: 'string', errors: ['string'] }] };
    const invalid = await ask('POST', 'v2/apps', { ...APP, id: '/go/bad', cpus: -1 });
    expect([invalid.status, undecodable(invalid.body, details)]).toEqual([422, []]);
    // Subscriptions by callback ended with Marathon 1.5; it takes that for a resource that is not there.
    const callback = 'v2/eventSubscriptions?callbackUrl=http://127.0.0.1:9/event';
    for (const method of ['GET', 'POST', 'DELETE']) expect((await ask(method, callback)).status).toBe(404);
    await call('DELETE', 'v2/apps/go/huge?force=true', ANSWERS.deployment);
  });

  it('listens as its library of server-sent events does, which comes back with the last id', async () => {
    const url = `${platform.addresses.orchestrator}/v2/events?event_type=status_update_event&event_type=deployment_success`;
    const headers = { accept: 'text/event-stream', 'cache-control': 'no-cache' };
    const listen = async (
      more: Readonly<Record<string, string>>,
    ): Promise<[AbortController, AsyncIterator<string>]> => {
      const abort = new AbortController();
      const response = await fetch(url, { headers: { ...headers, ...more }, signal: abort.signal });
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      if (response.body === null) throw new Error('the stream has no body');
      return [abort, response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()];
    };
    const readUntil = async (stream: AsyncIterator<string>, wanted: string): Promise<string> => {
      for (let text = ''; ;) {
        if (text.includes(wanted) && text.endsWith('\n\n')) return text;
        const { value, done } = await stream.next();
        if (done === true) throw new Error(`the stream ended after ${text}`);
        text += value.replaceAll('\r\n', '\n');
      }
    };
    const [first, stream] = await listen({});
    await call('POST', 'v2/apps', ANSWERS.created, { ...APP, id: '/go/heard', instances: 1 });
    const heard = await readUntil(stream, 'event: deployment_success');
    expect(heard).toContain('"taskStatus":"TASK_RUNNING"');
    const lastId = [...heard.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
    first.abort();
    await platform.change('DELETE', '/v2/apps/go/heard');
    const [second, again] = await listen({ 'last-event-id': lastId });
    const missed = await readUntil(again, 'event: deployment_success');
    expect(missed).toContain('"taskStatus":"TASK_KILLED"');
    expect(missed).not.toContain(`id: ${lastId}\n`);
    second.abort();
  });
});

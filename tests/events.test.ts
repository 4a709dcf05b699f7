/** The event stream of a running platform: what is said, in which order, to whom. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { demoApp, shellApp } from './support/apps.ts';
import { EventRecorder, type RecordedEvent } from './support/event-recorder.ts';
import { RunningPlatform, callJson, waitFor } from './support/running-platform.ts';

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('the event stream', { timeout: 30_000 }, () => {
  let platform: RunningPlatform;
  const streams: EventRecorder[] = [];
  const open = async (query?: string): Promise<EventRecorder> => {
    const stream = await EventRecorder.open(platform.addresses.orchestrator, query);
    streams.push(stream);
    return stream;
  };
  beforeAll(async () => {
    platform = await RunningPlatform.start();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });
  afterAll(async () => {
    await platform.dispose();
  });

  it('tells a deployment from beginning to end, in order and in shape', async () => {
    const stream = await open();
    const created = await platform.call('POST', '/v2/apps', demoApp('/told'));
    const deploymentId = created.headers.get('marathon-deployment-id');
    await stream.until('the deployment is done', ({ name, data }) => {
      return name === 'deployment_success' && data.id === deploymentId;
    });
    expect(stream.contentType).toContain('text/event-stream');
    expect(stream.events[0]).toMatchObject({ name: 'event_stream_attached', data: { remoteAddress: '127.0.0.1' } });
    for (const { name, data } of stream.events) {
      expect(data.eventType).toBe(name);
      expect(data.timestamp).toMatch(TIMESTAMP);
    }
    const [task] = await platform.tasks('/told');
    const instanceId = task?.id.replace(/\._app\.1$/, '');
    expect(story(stream.events)).toEqual([
      'event_stream_attached',
      'deployment_info StartApplication',
      'deployment_step_success StartApplication',
      'deployment_info ScaleApplication',
      'instance_changed_event Scheduled',
      'instance_changed_event Provisioned',
      'status_update_event TASK_STARTING',
      'instance_changed_event Starting',
      'status_update_event TASK_RUNNING',
      'instance_changed_event Running',
      'instance_health_changed_event true',
      'health_status_changed_event true',
      'deployment_step_success ScaleApplication',
      'deployment_success',
    ]);
    const plan = {
      id: deploymentId,
      version: task?.version,
      steps: [
        { actions: [{ action: 'StartApplication', app: '/told' }] },
        { actions: [{ action: 'ScaleApplication', app: '/told' }] },
      ],
    };
    for (const name of ['deployment_info', 'deployment_step_success', 'deployment_success']) {
      for (const data of stream.named(name)) expect(data.plan).toMatchObject(plan);
    }
    expect(stream.named('status_update_event').at(-1)).toEqual({
      eventType: 'status_update_event',
      timestamp: expect.any(String),
      slaveId: expect.stringMatching(/-S\d+$/),
      taskId: task?.id,
      taskStatus: 'TASK_RUNNING',
      message: '',
      appId: '/told',
      host: '127.0.0.1',
      ipAddresses: [{ ipAddress: '127.0.0.1', protocol: 'IPv4' }],
      ports: task?.ports,
      version: task?.version,
    });
    expect(stream.named('instance_changed_event').at(-1)).toEqual({
      eventType: 'instance_changed_event',
      timestamp: expect.any(String),
      instanceId,
      condition: 'Running',
      runSpecId: '/told',
      agentId: expect.stringMatching(/-S\d+$/),
      host: '127.0.0.1',
      runSpecVersion: task?.version,
    });
    expect(stream.named('instance_health_changed_event')).toMatchObject([
      { instanceId, runSpecId: '/told', healthy: true, runSpecVersion: task?.version },
    ]);
    expect(stream.named('health_status_changed_event')).toMatchObject([
      { appId: '/told', instanceId, version: task?.version, alive: true },
    ]);
    expect(stream.named('api_post_event')).toMatchObject([
      { clientIp: '127.0.0.1', uri: '/v2/apps', appDefinition: { id: '/told', instances: 1 } },
    ]);
    expect(stream.named('group_change_success')).toMatchObject([{ groupId: '/', version: task?.version }]);
  });

  it('tells how a task ends, and that its app is gone', async () => {
    const stream = await open();
    await platform.change('POST', '/v2/apps', shellApp('/ending', 'exec sleep 1000'));
    // A deployment is over before its event is out.
    await stream.until('the app is there', ({ name }) => name === 'deployment_success');
    const before = stream.events.length;
    await platform.change('DELETE', '/v2/apps/ending');
    await stream.until('the app is gone', ({ name }) => name === 'app_terminated_event');
    await stream.until('both deployments are done', () => stream.named('deployment_success').length === 2);
    const told = story(stream.events.slice(before));
    expect(told).toEqual(
      expect.arrayContaining([
        'deployment_info StopApplication',
        'status_update_event TASK_KILLED',
        'deployment_success',
      ]),
    );
    expect(told.indexOf('status_update_event TASK_KILLED')).toBeLessThan(told.indexOf('deployment_success'));
    expect(stream.named('app_terminated_event')).toMatchObject([{ appId: '/ending' }]);
  });

  it('leaves out what was not asked for', async () => {
    const filtered = await open('?event_type=deployment_success&event_type=status_update_event');
    const other = await open('?event_type=event_stream_attached');
    await platform.change('POST', '/v2/apps', shellApp('/filtered', 'exec sleep 1000'));
    await filtered.until('the deployment is done', ({ name }) => name === 'deployment_success');
    expect(new Set(filtered.events.map(({ name }) => name))).toEqual(
      new Set(['status_update_event', 'deployment_success']),
    );
    expect(other.events.map(({ name }) => name)).toContain('event_stream_attached');
    expect(other.named('deployment_success')).toEqual([]);
  });

  it('carries plans without the whole root group when asked to', async () => {
    const light = await open('?plan-format=light');
    await platform.change('POST', '/v2/apps', shellApp('/light', 'exec sleep 1000'));
    const { data } = await light.until('the deployment is done', ({ name }) => name === 'deployment_success');
    expect(Object.keys(data.plan).sort()).toEqual(['id', 'steps', 'version']);
  });

  it('tells others who comes and goes', async () => {
    const observer = await open();
    const guest = await open();
    await observer.until('a second one has come', () => observer.named('event_stream_attached').length === 2);
    guest.close();
    await observer.until('it has gone', ({ name }) => name === 'event_stream_detached');
  });

  it('is not for clients that do not ask for events', async () => {
    expect((await callJson(`${platform.addresses.orchestrator}/v2/events`)).status).toBe(405);
  });

  it('ends when the platform does', async () => {
    const stream = await open();
    await platform.end('SIGTERM');
    await waitFor('the stream has ended', () => stream.isClosed);
    await platform.startAgain();
  });
});

/** What happened, in words: the events of a deployment with what tells them apart. */
function story(events: readonly RecordedEvent[]): readonly string[] {
  const sideNotes = new Set(['api_post_event', 'group_change_success', 'add_health_check_event']);
  return events
    .filter(({ name }) => !sideNotes.has(name))
    .map(({ name, data }) => {
      const detail =
        data.currentStep?.actions[0].action ?? data.condition ?? data.taskStatus ?? data.alive ?? data.healthy;
      return detail === undefined ? name : `${name} ${String(detail)}`;
    });
}

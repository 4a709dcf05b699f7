/**
 * Two clients of Marathon from npm, used as their documentation has it: `marathon-node` and `marathon-event-bus-client`.
 * node marathon-node-client.mjs URL; prints a line of JSON for each step, and ends with 1 when one fails.
 */
import EventBus from 'marathon-event-bus-client';
import createClient from 'marathon-node';

const [url = ''] = process.argv.slice(2);
const marathon = createClient(url);
const { hostname, port } = new URL(url);
const POLL_MS = 25;

/** @param {string} step @param {unknown} answer */
function tell(step, answer) {
  process.stdout.write(`${JSON.stringify({ step, answer })}\n`);
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits as these scripts do: until the deployment is not listed any more. */
async function deployed({ deploymentId }) {
  for (;;) {
    const running = await marathon.deployments.getList();
    if (!running.some(({ id }) => id === deploymentId)) return;
    await pause(POLL_MS);
  }
}

/** @type {Map<string, number>} */
const heard = new Map();
const eventTypes = ['deployment_info', 'deployment_success', 'status_update_event', 'instance_changed_event'];
const bus = new EventBus({
  marathonHost: hostname,
  marathonPort: port,
  eventTypes,
  handlers: Object.fromEntries(
    eventTypes.map((type) => [type, (/** @type {string} */ name) => heard.set(name, (heard.get(name) ?? 0) + 1)]),
  ),
});
const subscribed = new Promise((resolve) => bus.once('subscribed', resolve));
bus.subscribe();
await subscribed;
const stream = marathon.events.createEventSource({ eventType: ['deployment_success', 'api_post_event'] });
/** @type {unknown[]} */
const streamed = [];
stream.addEventListener('api_post_event', ({ data }) => streamed.push(JSON.parse(data).appDefinition.id));
await new Promise((resolve) => stream.addEventListener('open', resolve));

tell('ping', await marathon.misc.ping());
tell('info', (await marathon.info.get()).name);
tell('leader', await marathon.leader.get());
const app = { id: '/node/web', cmd: 'exec sleep 1000', cpus: 0.1, mem: 32, instances: 1 };
const created = await marathon.app.create(app);
await deployed({ deploymentId: created.deployments[0].id });
tell('create', created.id);
await deployed(await marathon.app.update('/node/web', { instances: 2 }));
const { app: scaled } = await marathon.app.getOne('/node/web', { embed: 'app.taskStats' });
tell('scale', scaled.tasksRunning);
await deployed(await marathon.app.update('/node/web', { env: { A: 'b' } }, true));
await deployed(await marathon.app.restart('/node/web'));
tell('list', (await marathon.app.getList({ embed: 'apps.tasks', id: 'node' })).apps[0].tasks.length);
const { versions } = await marathon.app.getVersions('/node/web');
tell('version', (await marathon.app.getVersion('/node/web', versions.at(-1))).instances);
const { tasks } = await marathon.app.getTasks('/node/web');
tell('kill', (await marathon.app.killTask('/node/web', tasks[0].id)).task.id === tasks[0].id);
await deployed(await marathon.app.killTasks('/node/web', { scale: true }));
tell('killed', (await marathon.app.getOne('/node/web')).app.instances < 2);
tell(
  'tasks',
  (await marathon.tasks.getList()).tasks.every(({ servicePorts }) => servicePorts.length === 1),
);
tell('conflict', await marathon.app.create(app).catch(({ statusCode, error }) => [statusCode, error.message]));
tell('missing', await marathon.app.getOne('/nobody').catch(({ statusCode, error }) => [statusCode, error.message]));
await deployed(await marathon.groups.create({ id: '/node-group', apps: [{ ...app, id: 'a' }] }));
await deployed(await marathon.groups.update('/node-group', { scaleBy: 2 }));
tell('group', (await marathon.groups.getOne('/node-group')).apps[0].instances);
tell('groups', (await marathon.groups.getList()).groups.map(({ id }) => id).sort());
await deployed(await marathon.groups.destroy('/node-group'));
await marathon.app.create({ ...app, id: '/node/huge', cpus: 500 });
for (;;) {
  const { queue } = await marathon.queue.get();
  if (queue[0]?.processedOffersSummary.processedOffersCount > 0) break;
  await pause(POLL_MS);
}
await marathon.queue.resetDelay('/node/huge');
tell('queue', (await marathon.queue.get()).queue[0].app.id);
const [waiting] = await marathon.deployments.getList();
await deployed(await marathon.deployments.destroy(waiting.id));
tell('undone', await marathon.app.getOne('/node/huge').catch(({ statusCode }) => statusCode));
await deployed(await marathon.app.destroy('/node/web'));
tell('heard', [...heard.keys()].sort());
tell('streamed', [...new Set(streamed)].sort());
bus.unsubscribe();
stream.close();
tell('done', true);

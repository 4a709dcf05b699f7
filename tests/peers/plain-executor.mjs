/**
 * A custom executor that knows nothing but Mesos's v1 executor API: Node's own http, the environment, JSON and RecordIO.
 * A task is whatever it says it is: `finish TASK` in a message ends one, `finish TASK when alone` ends it once the agent is
 * away, anything else is echoed. Every TASK_RUNNING carries the pid of this process.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

const { MESOS_AGENT_ENDPOINT, MESOS_FRAMEWORK_ID, MESOS_EXECUTOR_ID, MESOS_EXECUTOR_AUTHENTICATION_TOKEN } =
  process.env;
const [host, port] = (MESOS_AGENT_ENDPOINT ?? '').split(':');
const caller = { framework_id: { value: MESOS_FRAMEWORK_ID }, executor_id: { value: MESOS_EXECUTOR_ID } };
const authorization =
  MESOS_EXECUTOR_AUTHENTICATION_TOKEN === undefined
    ? {}
    : { Authorization: `Bearer ${MESOS_EXECUTOR_AUTHENTICATION_TOKEN}` };

/** @type {Map<string, any>} tasks that live */
const tasks = new Map();
/** @type {Map<string, any>} tasks of which nothing was acknowledged */
const unacknowledgedTasks = new Map();
/** @type {Map<string, any>} by uuid */
const unacknowledgedUpdates = new Map();
/** @type {string[]} */
const whenAlone = [];

/** @param {any} call @param {(response: import('node:http').IncomingMessage) => void} onResponse @param {() => void} onError */
function post(call, onResponse, onError) {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json', ...authorization };
  request({ host, port, path: '/api/v1/executor', method: 'POST', headers, agent: false })
    .on('response', onResponse)
    .on('error', onError)
    .end(JSON.stringify({ ...caller, ...call }));
}

/** @param {string} id @param {string} state @param {string} [text] */
function update(id, state, text) {
  const uuid = randomBytes(16).toString('base64');
  const status = {
    task_id: { value: id },
    state,
    uuid,
    source: 'SOURCE_EXECUTOR',
    timestamp: Date.now() / 1000,
    ...(text === undefined ? {} : { data: Buffer.from(text).toString('base64') }),
  };
  unacknowledgedUpdates.set(uuid, { status });
  if (state !== 'TASK_RUNNING') tasks.delete(id);
  // Without an agent it is told when there is one again.
  post(
    { type: 'UPDATE', update: { status } },
    (response) => response.resume(),
    () => undefined,
  );
}

/** @param {any} task */
function launch(task) {
  tasks.set(task.task_id.value, task);
  unacknowledgedTasks.set(task.task_id.value, task);
  update(task.task_id.value, 'TASK_RUNNING', String(process.pid));
}

/** @param {string} text */
function hear(text) {
  const found = /^finish (\S+)( when alone)?$/.exec(text);
  if (found === null) {
    const data = Buffer.from(`you said ${text}`).toString('base64');
    post(
      { type: 'MESSAGE', message: { data } },
      (response) => response.resume(),
      () => undefined,
    );
  } else if (text.endsWith(' when alone')) whenAlone.push(found[1]);
  else update(found[1], 'TASK_FINISHED');
}

/** @param {any} event */
function handle(event) {
  switch (event.type) {
    case 'LAUNCH':
      return launch(event.launch.task);
    case 'LAUNCH_GROUP':
      return event.launch_group.task_group.tasks.forEach(launch);
    case 'KILL':
      return update(event.kill.task_id.value, 'TASK_KILLED');
    case 'ACKNOWLEDGED':
      unacknowledgedTasks.delete(event.acknowledged.task_id.value);
      unacknowledgedUpdates.delete(event.acknowledged.uuid);
      return undefined;
    case 'MESSAGE':
      return hear(Buffer.from(event.message.data, 'base64').toString());
    case 'SHUTDOWN':
      for (const id of [...tasks.keys()]) update(id, 'TASK_KILLED');
      return setTimeout(() => process.exit(0), 300);
    default:
      return undefined;
  }
}

function subscribe() {
  let isOver = false;
  const again = () => {
    if (isOver) return;
    isOver = true;
    for (const id of whenAlone.splice(0)) update(id, 'TASK_FINISHED');
    setTimeout(subscribe, 200);
  };
  const rest = {
    unacknowledged_tasks: [...unacknowledgedTasks.values()],
    unacknowledged_updates: [...unacknowledgedUpdates.values()],
  };
  post(
    { type: 'SUBSCRIBE', subscribe: rest },
    (response) => {
      let bytes = Buffer.alloc(0);
      response.on('data', (chunk) => {
        if (response.statusCode !== 200) return;
        bytes = Buffer.concat([bytes, chunk]);
        for (;;) {
          const end = bytes.indexOf('\n');
          const length = Number(bytes.subarray(0, Math.max(0, end)).toString());
          if (end < 0 || bytes.length < end + 1 + length) break;
          handle(JSON.parse(bytes.subarray(end + 1, end + 1 + length).toString()));
          bytes = bytes.subarray(end + 1 + length);
        }
      });
      response.on('close', again).on('error', again);
    },
    again,
  );
}

subscribe();

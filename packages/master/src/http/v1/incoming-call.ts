/** Scheduler calls as other people's frameworks send them, made into ours. */
import { SchedulerCall } from '@stadion/contract/mesos';
import { readLenient } from '@stadion/contract/mesos-wire';

/** A call that can be handed to the master, or why not and with which status. */
export type IncomingCall =
  | { readonly ok: true; readonly call: SchedulerCall }
  | { readonly ok: false; readonly status: 400 | 501; readonly problem: string };

/** `mesos.v1.HealthCheck` and `CheckInfo` where the framework leaves them out. */
const CHECK_DEFAULTS = { delay_seconds: 15, interval_seconds: 10, timeout_seconds: 20 };
const HEALTH_CHECK_DEFAULTS = { ...CHECK_DEFAULTS, consecutive_failures: 3, grace_period_seconds: 10 };
/** Length of a uuid, bytes. */
const UUID_BYTES = 16;

/** Reads a parsed JSON body. */
export function readSchedulerCall(json: unknown): IncomingCall {
  const type = isObject(json) ? json['type'] : undefined;
  if (type === 'UNKNOWN') return refused(501, `'UNKNOWN' is not supported`);
  const reading = readLenient(SchedulerCall, isObject(json) && type === 'ACCEPT' ? withModernTasks(json) : json);
  if (!reading.ok) {
    const unknownType = typeof type === 'string' && reading.problem.endsWith(`is no known 'type'`);
    return refused(unknownType ? 501 : 400, `Failed to validate scheduler::Call: ${reading.problem}`);
  }
  const call = reading.value as SchedulerCall;
  if (call.type === 'SUBSCRIBE' || call.type === 'UPDATE_FRAMEWORK') {
    const member = call.type === 'SUBSCRIBE' ? 'subscribe' : 'update_framework';
    const info = call.type === 'SUBSCRIBE' ? call.subscribe.framework_info : call.update_framework.framework_info;
    // An empty id is none.
    if ((info.id?.value ?? '') !== (call.framework_id?.value ?? '')) {
      const problem = `'framework_id' differs from '${member}.framework_info.id'`;
      return refused(400, `Failed to validate scheduler::Call: ${problem}`);
    }
  }
  const uuid =
    call.type === 'ACKNOWLEDGE'
      ? call.acknowledge.uuid
      : call.type === 'ACKNOWLEDGE_OPERATION_STATUS'
        ? call.acknowledge_operation_status.uuid
        : undefined;
  if (uuid !== undefined && Buffer.from(uuid, 'base64').length !== UUID_BYTES) {
    const member = call.type.toLowerCase();
    return refused(400, `Failed to validate scheduler::Call: Not a valid UUID in '${member}.uuid'`);
  }
  return { ok: true, call };
}

/** Mesos has one `health_check`, with defaults; agents here run a list that says everything. */
function withModernTasks(call: Readonly<Record<string, unknown>>): unknown {
  const accept = call['accept'];
  if (!isObject(accept)) return call;
  const operations = list(accept['operations']).map((operation) => {
    if (!isObject(operation)) return operation;
    const { launch, launch_group: group } = operation;
    if (isObject(launch)) {
      return { ...operation, launch: { ...launch, task_infos: list(launch['task_infos']).map(modernTask) } };
    }
    const tasks = isObject(group) ? group['task_group'] : undefined;
    if (!isObject(group) || !isObject(tasks)) return operation;
    const taskGroup = { ...tasks, tasks: list(tasks['tasks']).map(modernTask) };
    return { ...operation, launch_group: { ...group, task_group: taskGroup } };
  });
  return { ...call, accept: { ...accept, operations } };
}

function modernTask(task: unknown): unknown {
  if (!isObject(task)) return task;
  const { health_check: health, check, ...rest } = task;
  const modern: Record<string, unknown> = rest;
  if (isObject(health) && list(task['health_checks']).length === 0) {
    modern['health_checks'] = [
      { ...HEALTH_CHECK_DEFAULTS, ...withoutNulls(health), type: checkType(health), kill_on_failure: true },
    ];
  }
  if (isObject(check)) modern['check'] = { ...CHECK_DEFAULTS, ...withoutNulls(check), type: checkType(check) };
  return modern;
}

/** As Mesos infers it where it is missing. */
function checkType(check: Readonly<Record<string, unknown>>): unknown {
  if (typeof check['type'] === 'string') return check['type'];
  if (isObject(check['command'])) return 'COMMAND';
  if (isObject(check['http'])) return 'HTTP';
  return isObject(check['tcp']) ? 'TCP' : undefined;
}

function withoutNulls(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function list(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function refused(status: 400 | 501, problem: string): IncomingCall {
  return { ok: false, status, problem };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

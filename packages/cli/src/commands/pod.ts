/** `stadion pod …`: looks at pods, and changes them. */
import { PlatformError } from '@stadion/base';
import { isApiError, type OrchestratorClient } from '@stadion/contract/client';
import type { DeploymentResult } from '@stadion/contract/orchestrator';
import type { PodDefinition, PodInput, PodStatus } from '@stadion/contract/orchestrator-pods';
import { appId } from '../core/app-condition.ts';
import { formatAge } from '../core/durations.ts';
import { safeText } from '../core/safe-text.ts';
import { didYouMean } from '../core/suggestions.ts';
import { EXIT } from '../exit-codes.ts';
import type { Printer } from '../output/printer.ts';
import type { Style } from '../output/style.ts';
import type { Cell } from '../output/table.ts';
import { readDocument } from '../platform/input.ts';
import { notFound, usageError } from '../report-error.ts';
import { carryOut, changeOptions, forceOf } from './changing.ts';
import { readCount, type CommandCall, type CommandSpec } from './command.ts';

/** The commands. */
export const podCommands: readonly CommandSpec[] = [
  {
    path: 'pod list',
    summary: 'list the pods and what they are doing',
    async run(call) {
      const { printer, time } = call.session;
      const pods = await (await call.session.orchestrator()).listPodStatuses();
      const ids = pods.map(({ id }) => id);
      printer.answer(pods, () => podTable(printer, pods, time.now()), ids);
      return EXIT.ok;
    },
  },
  {
    path: 'pod show',
    arguments: '<pod>',
    summary: 'show one pod, its instances and their containers',
    completes: 'pod',
    async run(call) {
      const { printer, time } = call.session;
      const pod = await statusOf(call);
      printer.answer(pod, () => podPage(printer, pod, time.now()), [pod.id]);
      return EXIT.ok;
    },
  },
  {
    path: 'pod instances',
    arguments: '<pod>',
    summary: 'list the instances of a pod',
    completes: 'pod',
    async run(call) {
      const { printer, time } = call.session;
      const { instances } = await statusOf(call);
      const ids = instances.map(({ id }) => id);
      printer.answer(instances, () => instanceTable(printer, instances, time.now()), ids);
      return EXIT.ok;
    },
  },
  {
    path: 'pod versions',
    arguments: '<pod>',
    summary: 'list the versions of a pod, newest first',
    completes: 'pod',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const pod = await statusOf(call);
      const versions = await client.listPodVersions({ params: { id: pod.id } });
      const rows = versions.map((version) => [
        version,
        formatAge(version, time.now()),
        version === pod.spec.version ? 'current' : '',
      ]);
      printer.answer(versions, () => printer.table(['VERSION', 'AGE', ''], rows), versions);
      return EXIT.ok;
    },
  },
  {
    path: 'pod add',
    arguments: '<file>',
    summary: 'create a pod from a JSON or YAML file, or from standard input (-)',
    options: changeOptions,
    examples: ['stadion pod add shop.yaml'],
    async run(call) {
      const body = await readPod(call, call.argument(0));
      return await carryOut(call, body.id, async (client) =>
        deploymentOf(client, await client.createPod({ query: forceOf(call), body })),
      );
    },
  },
  {
    path: 'pod update',
    arguments: '<pod> <file>',
    summary: 'make a pod what a file says; what the file does not name gets its default',
    completes: 'pod',
    options: changeOptions,
    async run(call) {
      const id = appId(call.argument(0));
      return await putPod(call, { ...(await readPod(call, call.argument(1), id)), id });
    },
  },
  {
    path: 'pod scale',
    arguments: '<pod> <instances>',
    summary: 'set the number of instances',
    completes: 'pod',
    options: changeOptions,
    async run(call) {
      const instances = readCount('The number of instances', call.argument(1));
      const { version: _version, ...spec } = (await statusOf(call)).spec;
      return await putPod(call, { ...spec, scaling: { kind: 'fixed', instances } });
    },
  },
  {
    path: 'pod remove',
    arguments: '<pod>',
    summary: 'stop all instances and forget the pod',
    completes: 'pod',
    options: changeOptions,
    async run(call) {
      const { id } = await statusOf(call);
      return await carryOut(call, `${id} is gone`, async (client) => {
        await client.deletePod({ params: { id }, query: forceOf(call) });
        return deploymentOf(client, { id });
      });
    },
  },
  {
    path: 'pod kill',
    arguments: '<pod> <instances...>',
    summary: 'kill instances of a pod; others take their place',
    completes: 'pod',
    examples: ['stadion pod kill /shop $(stadion pod instances /shop -q)'],
    async run(call) {
      const { printer } = call.session;
      const client = await call.session.orchestrator();
      const { id } = await statusOf(call);
      const killed = await client.killPodInstances({ params: { id }, body: [...call.arguments.slice(1)] });
      const ids = killed.map(({ instanceId }) => instanceId);
      printer.answer(killed, () => ids.map((killedId) => safeText(`Killed ${killedId}`)), ids);
      if (killed.length > 0) return EXIT.ok;
      throw notFound(`${id} has no such instance.`, `See all with: stadion pod instances ${id}`);
    },
  },
];

/** One pod and how it is. @throws PlatformError `not-found` with the ids that are nearest */
async function statusOf(call: CommandCall): Promise<PodStatus> {
  const client = await call.session.orchestrator();
  const id = appId(call.argument(0));
  try {
    return await client.getPodStatus({ params: { id } });
  } catch (error) {
    if (!isApiError(error) || error.status !== 404) throw error;
    const ids = (await client.listPods()).map((pod) => pod.id);
    const hint = ids.length === 0 ? 'Add one with: stadion pod add FILE' : 'See all with: stadion pod list';
    throw notFound(`There is no pod ${id}.`, didYouMean(id, ids) || hint);
  }
}

function putPod(call: CommandCall, body: PodInput): ReturnType<typeof carryOut> {
  return carryOut(call, body.id, async (client) =>
    deploymentOf(client, await client.putPod({ params: { id: body.id }, query: forceOf(call), body })),
  );
}

/**
 * The deployment that a change of a pod has begun: its version is the pod's. The answers name it in a header only, so it is
 * looked up among the records, where it stays when it is over at once.
 */
async function deploymentOf(
  client: OrchestratorClient,
  { id, version }: Pick<PodDefinition, 'id'> & Partial<Pick<PodDefinition, 'version'>>,
): Promise<DeploymentResult> {
  const records = await client.listDeploymentRecords({ query: { app: id } });
  const found = records.find((record) => version === undefined || record.version === version);
  if (found !== undefined) return { version: found.version, deploymentId: found.id };
  throw new PlatformError('deployment-unknown', `${id} was changed, and its deployment is not known any more.`);
}

/** @param fallbackId the id that the file may leave out */
async function readPod(call: CommandCall, source: string, fallbackId?: string): Promise<PodInput> {
  const document = await readDocument(call.session.machine, source);
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const pod = isObject ? { ...(fallbackId !== undefined && { id: fallbackId }), ...document } : {};
  // What a pod is, is for the orchestrator to say; without these two nothing can be asked of it.
  if ('id' in pod && typeof pod.id === 'string' && 'containers' in pod) return pod as PodInput;
  throw usageError(`${source} must contain one pod: an object with an id and containers.`);
}

function podTable(printer: Printer, pods: readonly PodStatus[], nowMs: number): string[] {
  const rows = pods.map((pod): Cell[] => [
    pod.id,
    `${String(stableCount(pod))}/${String(pod.spec.scaling.instances)}`,
    stateCell(pod.status),
    pod.spec.containers.map(({ name }) => name).join(','),
    formatAge(pod.spec.version, nowMs),
  ]);
  return printer.table(['POD', 'READY', 'STATE', 'CONTAINERS', 'CHANGED'], rows);
}

function stableCount({ instances }: PodStatus): number {
  return instances.filter(({ status }) => status === 'STABLE').length;
}

function podPage(printer: Printer, pod: PodStatus, nowMs: number): string[] {
  const rows = pod.instances.flatMap((instance) =>
    instance.containers.map((container): Cell[] => [
      instance.id,
      container.name,
      stateCell(container.status.replace(/^TASK_/, '')),
      container.endpoints.map(({ name, allocatedHostPort = '-' }) => `${name}:${String(allocatedHostPort)}`).join(','),
      container.termination?.message ?? '',
    ]),
  );
  return [
    ...podTable(printer, [pod], nowMs),
    '',
    ...printer.table(['INSTANCE', 'CONTAINER', 'STATE', 'ENDPOINTS', 'END'], rows),
  ];
}

function instanceTable(printer: Printer, instances: PodStatus['instances'], nowMs: number): string[] {
  const rows = instances.map((instance): Cell[] => [
    instance.id,
    stateCell(instance.status),
    instance.agentHostname ?? '-',
    formatAge(instance.statusSince, nowMs),
  ]);
  return printer.table(['INSTANCE', 'STATE', 'HOST', 'SINCE'], rows);
}

const STYLES: Readonly<Record<string, Style>> = { STABLE: 'good', RUNNING: 'good', DEGRADED: 'bad', FAILED: 'bad' };

function stateCell(state: string): Cell {
  return { text: state.toLowerCase(), style: STYLES[state] ?? 'busy' };
}

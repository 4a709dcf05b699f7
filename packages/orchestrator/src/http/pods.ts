/** `/v2/pods`: what Marathon calls the containers that share a place. */
import { Type } from '@sinclair/typebox';
import { PodInput } from '@stadion/contract/orchestrator-pods';
import { decodeShape, shapeOf } from '../core/app/decode.ts';
import { resolveId } from '../core/app/app-id.ts';
import { formatTimestamp, parseTimestamp } from '../core/app/timestamp.ts';
import { toPodDefinition } from '../core/pod/normalize-pod.ts';
import { podOf } from '../core/pod/run-spec.ts';
import { badTimestamp } from '../core/root/change.ts';
import { createPod, deletePod, noSuchPod, writePod } from '../core/root/write-pods.ts';
import { failure, invalidJson, json, rejection, type Answer, type Call } from './answer.ts';
import { carryOut, changeContext, changeOptions, ignoredHeader } from './commands.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { killedPodInstance, podStatus } from './pod-view.ts';
import { flag, wantsExtensions } from './query.ts';
import { readList, readObject } from './read-body.ts';
import { parameter } from './route-table.ts';

type PodHandlers = Pick<
  Handlers,
  | 'listPods'
  | 'createPod'
  | 'getPod'
  | 'putPod'
  | 'deletePod'
  | 'listPodStatuses'
  | 'getPodStatus'
  | 'listPodVersions'
  | 'getPodVersion'
  | 'killPodInstance'
  | 'killPodInstances'
>;

const POD = shapeOf(PodInput);
const IDS = shapeOf(Type.Array(Type.String()));

/** Handlers for pods. */
export function podHandlers(context: HandlerContext): PodHandlers {
  const { view } = context.engine;
  const { root } = view;

  function show(call: Call): Answer {
    const id = podIdOf(call);
    const spec = root.spec(id);
    const pod = spec && toPodDefinition(spec);
    return pod === undefined ? rejection(noSuchPod(id).rejection) : json(200, pod);
  }

  return {
    listPods: () =>
      json(
        200,
        [...root.specs()].flatMap((spec) => toPodDefinition(spec) ?? []),
      ),
    createPod: (call) => write(context, call, undefined),
    getPod: show,
    putPod: (call) => write(context, call, podIdOf(call)),
    deletePod: (call) => remove(context, call),
    listPodStatuses: (call) => {
      const pods = [...root.specs()].filter((spec) => podOf(spec) !== undefined);
      return json(
        200,
        pods.flatMap(({ id }) => podStatus(view, id, wantsExtensions(call)) ?? []),
      );
    },
    getPodStatus: (call) => {
      const id = podIdOf(call);
      const status = podStatus(view, id, wantsExtensions(call));
      return status === undefined ? rejection(noSuchPod(id).rejection) : json(200, status);
    },
    listPodVersions: (call) => {
      const id = podIdOf(call);
      const spec = root.spec(id);
      const isPod = spec !== undefined && podOf(spec) !== undefined;
      return isPod ? json(200, root.appVersions(id)) : rejection(noSuchPod(id).rejection);
    },
    getPodVersion: (call) => {
      const id = podIdOf(call);
      const text = parameter(call.parameters, 'version');
      const version = parseTimestamp(text);
      if (version === undefined) return rejection(badTimestamp(text).rejection);
      const spec = root.appAtVersion(id, version);
      const pod = spec && toPodDefinition(spec);
      return pod === undefined ? rejection(noSuchPod(id, version).rejection) : json(200, pod);
    },
    killPodInstance: (call) => kill(context, call, [parameter(call.parameters, 'instance')], true),
    killPodInstances: (call) => {
      const body = readList(call.request);
      if (!body.ok) return body.answer;
      const decoded = decodeShape(IDS, [...body.value]);
      return decoded.ok ? kill(context, call, decoded.value, false) : invalidJson(decoded.violations);
    },
  };
}

function podIdOf({ parameters }: Call): string {
  return resolveId(parameter(parameters, 'id'));
}

async function write(context: HandlerContext, call: Call, pathId: string | undefined): Promise<Answer> {
  const body = readObject(call.request);
  if (!body.ok) return body.answer;
  const decoded = decodeShape(POD, body.value);
  if (!decoded.ok) return invalidJson(decoded.violations);
  const id = resolveId(decoded.value.id);
  if (pathId !== undefined && id !== pathId) {
    return failure(400, { message: `The pod id ${id} of the body is not that of the path, ${pathId}` });
  }
  const changes = changeContext(context.options, call);
  const change = pathId === undefined ? createPod(decoded.value, changes) : writePod(id, decoded.value, changes);
  const outcome = await carryOut(context, change, { ...changeOptions(call), concerns: [id] });
  if (!outcome.ok) return rejection(outcome.rejection);
  const { result, change: made } = outcome.value;
  tell(context, call, made.created.includes(id) ? 'pod_created_event' : 'pod_updated_event');
  const spec = made.upserts.find((each) => each.id === id) ?? context.engine.view.root.spec(id);
  const headers = {
    'Marathon-Deployment-Id': result.deploymentId,
    ...(pathId === undefined ? { Location: `/v2/pods${id}` } : {}),
    ...ignoredHeader(decoded.ignored),
  };
  return json(pathId === undefined ? 201 : 200, (spec && toPodDefinition(spec)) ?? {}, headers);
}

async function remove(context: HandlerContext, call: Call): Promise<Answer> {
  const id = podIdOf(call);
  const outcome = await carryOut(context, deletePod(id), { ...changeOptions(call), concerns: [id] });
  if (!outcome.ok) return rejection(outcome.rejection);
  tell(context, call, 'pod_deleted_event');
  const { deploymentId } = outcome.value.result;
  return {
    status: 202,
    headers: { 'Marathon-Deployment-Id': deploymentId, Location: deploymentId },
    body: { kind: 'none' },
  };
}

async function kill(context: HandlerContext, call: Call, ids: readonly string[], isOne: boolean): Promise<Answer> {
  const { engine } = context;
  const id = podIdOf(call);
  const spec = engine.view.root.spec(id);
  if (spec === undefined || podOf(spec) === undefined) return rejection(noSuchPod(id).rejection);
  const known = engine.view.instances(id);
  const wanted = known.filter((instance) => ids.includes(instance.id));
  if (isOne && wanted.length === 0) {
    return failure(404, { message: `Pod instance '${ids[0] ?? ''}' does not exist` });
  }
  // As they are, before they are told to end.
  const shown = wanted.map((instance) => killedPodInstance(engine.view, instance));
  const outcome = await engine.killInstances(
    wanted.map((instance) => instance.id),
    { wipe: flag(call.query, 'wipe') },
  );
  if (!outcome.ok) return rejection(outcome.rejection);
  return json(200, isOne ? shown[0] : shown);
}

function tell(
  { engine, options }: HandlerContext,
  { request }: Call,
  eventType: 'pod_created_event' | 'pod_updated_event' | 'pod_deleted_event',
): void {
  const timestamp = formatTimestamp(options.time.now());
  engine.events.publish({ eventType, timestamp, clientIp: request.ip, uri: request.url });
}

/** The records of the engine in the store: their keys, their shapes, and the way in and out. Each is small. */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { HealthResult, ReadinessResult, StatusReason, TaskState } from '@stadion/contract/mesos';
import { CheckStatusInfo } from '@stadion/contract/mesos-workload';
import { DeploymentRecord as EndedDeployment, DeployPolicy } from '@stadion/contract/orchestrator-extensions';
import { InstanceCondition, TaskFailure } from '@stadion/contract/orchestrator';
import type { JsonValue } from '@stadion/store';
import { RunSpec } from '../core/pod/run-spec.ts';
import { safeIdOf } from '../core/instance-ids.ts';
import type { AgentPlace, Instance } from '../core/instance.ts';
import type { Reservation } from '../core/residency/reservation.ts';
import type { GroupState } from '../core/root/group.ts';
import { DeploymentAccount } from './deployment-account.ts';
import type { GroupDelta, RootDelta } from './root-history.ts';

const PREFIX = 'orchestrator/';
/** Where each kind of record lives. */
export const recordPrefix = {
  apps: `${PREFIX}apps/`,
  versions: `${PREFIX}versions/`,
  groups: `${PREFIX}groups/`,
  history: `${PREFIX}history/`,
  ended: `${PREFIX}ended-deployments/`,
  policies: `${PREFIX}policies/`,
  instances: `${PREFIX}instances/`,
  deployments: `${PREFIX}deployments/`,
  tallies: `${PREFIX}deployment-tallies/`,
  failures: `${PREFIX}failures/`,
  givingBack: `${PREFIX}giving-back/`,
} as const;
export const rootKey = `${PREFIX}root`;
export const frameworkKey = `${PREFIX}framework`;

/** Where the definition of an app that is wanted is kept. */
export function appKey(appId: string): string {
  return recordPrefix.apps + safeIdOf(appId);
}

/** Where an earlier definition of an app is kept. */
export function versionKey(appId: string, version: string): string {
  return `${recordPrefix.versions}${safeIdOf(appId)}/${version}`;
}

/** Where what a group itself says is kept. */
export function groupKey(groupId: string): string {
  return recordPrefix.groups + safeIdOf(groupId);
}

/** Where the record of a deployment that has ended is kept: in the order of their ends. */
export function endedKey(endedAt: string, deploymentId: string): string {
  return `${recordPrefix.ended}${endedAt}/${deploymentId}`;
}

/** Where the lock and the windows of a group are kept. */
export function policyKey(groupId: string): string {
  return `${recordPrefix.policies}${safeIdOf(groupId)}.`;
}

/** Where what one change of the root has changed is kept. */
export function historyKey(version: string): string {
  return recordPrefix.history + version;
}

/** Where an instance is kept. */
export function instanceKey(instanceId: string): string {
  return recordPrefix.instances + instanceId;
}

/** Where a deployment that runs is kept. */
export function deploymentKey(deploymentId: string): string {
  return recordPrefix.deployments + deploymentId;
}

/** Where what has been counted of a deployment so far is kept. */
export function tallyKey(deploymentId: string): string {
  return recordPrefix.tallies + deploymentId;
}

/** Where the last failure of an app is kept. */
export function failureKey(appId: string): string {
  return recordPrefix.failures + safeIdOf(appId);
}

/** An instance may have left something on several agents, one launch after the other. */
export function giveBackKey(instanceId: string, agentId: string): string {
  return `${recordPrefix.givingBack}${instanceId}@${agentId}`;
}

/** The instance that such a key is of. */
export function instanceOfGiveBackKey(key: string): string {
  const [instanceId = ''] = key.slice(recordPrefix.givingBack.length).split('@');
  return instanceId;
}

const GroupRecord = Type.Object({
  version: Type.String(),
  dependencies: Type.Optional(Type.Array(Type.String())),
  enforceRole: Type.Optional(Type.Boolean()),
});

/** A change of the root, with the versions of what it changed. */
const HistoryRecord = Type.Object({
  before: Type.String(),
  apps: Type.Array(
    Type.Object({ id: Type.String(), from: Type.Optional(Type.String()), to: Type.Optional(Type.String()) }),
  ),
  groups: Type.Array(
    Type.Object({ id: Type.String(), from: Type.Optional(GroupRecord), to: Type.Optional(GroupRecord) }),
  ),
});

/** `{version}`: of the root, or the wanted one of an app. */
const VersionRecord = Type.Object({ version: Type.String() });
const FrameworkRecord = Type.Object({ id: Type.String() });

const PlaceRecord = Type.Object({
  agent: Type.String(),
  host: Type.String(),
  region: Type.Optional(Type.String()),
  zone: Type.Optional(Type.String()),
  attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
});

const PodTaskRecord = Type.Object({
  name: Type.String(),
  state: Type.Optional(TaskState),
  since: Type.Number(),
  startedAt: Type.Optional(Type.Number()),
  healthy: Type.Optional(Type.Boolean()),
  check: Type.Optional(CheckStatusInfo),
  message: Type.Optional(Type.String()),
  reason: Type.Optional(StatusReason),
});

const ReservationRecord = Type.Object({
  place: PlaceRecord,
  role: Type.String(),
  volumes: Type.Array(
    Type.Object({
      containerPath: Type.String(),
      persistenceId: Type.String(),
      disk: Type.Optional(
        Type.Object({
          type: Type.Union([Type.Literal('path'), Type.Literal('mount')]),
          root: Type.String(),
          mib: Type.Number(),
        }),
      ),
    }),
  ),
  ports: Type.Array(Type.Integer()),
  /** Absent in what was written before there was a need for it. */
  incarnation: Type.Optional(Type.Integer({ minimum: 0 })),
  confirmed: Type.Boolean(),
});

/** Something reserved that is to be given back. */
const GiveBackRecord = Type.Object({ agent: Type.String(), role: Type.Optional(Type.String()) });

const InstanceRecord = Type.Object({
  app: Type.String(),
  version: Type.String(),
  goal: Type.Union([
    Type.Literal('Running'),
    Type.Literal('Stopped'),
    Type.Literal('Decommissioned'),
    Type.Literal('Frozen'),
  ]),
  condition: InstanceCondition,
  since: Type.Number(),
  incarnation: Type.Integer({ minimum: 0 }),
  place: Type.Optional(PlaceRecord),
  ports: Type.Optional(Type.Array(Type.Integer())),
  ips: Type.Optional(Type.Array(Type.Object({ ipAddress: Type.String(), protocol: Type.String() }))),
  state: Type.Optional(TaskState),
  staged: Type.Optional(Type.Number()),
  started: Type.Optional(Type.Number()),
  healthy: Type.Optional(Type.Boolean()),
  health: Type.Optional(Type.Array(HealthResult)),
  readiness: Type.Optional(Type.Array(ReadinessResult)),
  check: Type.Optional(CheckStatusInfo),
  tasks: Type.Optional(Type.Array(PodTaskRecord)),
  reservation: Type.Optional(ReservationRecord),
  drain: Type.Optional(Type.Number()),
});

/** A deployment: what it changes by versions, which have records of their own, and how far it is. */
export const DeploymentRecord = Type.Object({
  version: Type.String(),
  /** Index of the step under way. */
  step: Type.Integer({ minimum: 0 }),
  /** Each action as its code, and the index of its app in `changes`: plans of thousands of apps must stay small. */
  steps: Type.Array(Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]))),
  changes: Type.Array(
    Type.Object({ app: Type.String(), from: Type.Optional(Type.String()), to: Type.Optional(Type.String()) }),
  ),
  victims: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
  account: Type.Optional(DeploymentAccount),
  groups: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), from: Type.Optional(GroupRecord), to: Type.Optional(GroupRecord) })),
  ),
});
export type DeploymentRecord = Static<typeof DeploymentRecord>;

/** What failed of a deployment under way: apart from it, since it changes often and its plan may be long. */
const TallyRecord = Type.Pick(DeploymentAccount, ['failureCount', 'failures']);

/** Says whether a stored value has the shape, and gives it its type. */
export interface RecordReader<Value> {
  read(value: JsonValue): Value | undefined;
}

function reader<Schema extends TSchema>(schema: Schema): RecordReader<Static<Schema>> {
  const checker = TypeCompiler.Compile(schema);
  return { read: (value) => (checker.Check(value) ? value : undefined) };
}

export const readVersion = reader(VersionRecord);
export const readFramework = reader(FrameworkRecord);
export const readDefinition = reader(RunSpec);
export const readDeployment = reader(DeploymentRecord);
export const readTally = reader(TallyRecord);
export const readFailure = reader(TaskFailure);
export const readEnded = reader(EndedDeployment);
export const readPolicy = reader(DeployPolicy);
export const readGiveBack = reader(GiveBackRecord);
const instanceReader = reader(InstanceRecord);
const groupReader = reader(GroupRecord);
const historyReader = reader(HistoryRecord);

/** A group as it is stored. */
export function groupRecord({ version, dependencies, enforceRole }: GroupState): JsonValue {
  return {
    version,
    ...(dependencies.length > 0 && { dependencies: [...dependencies] }),
    ...(enforceRole && { enforceRole }),
  };
}

/** A group from its record. */
export function readGroup(value: JsonValue): GroupState | undefined {
  const record = groupReader.read(value);
  return record && groupFrom(record);
}

function groupFrom({ version, dependencies = [], enforceRole = false }: Static<typeof GroupRecord>): GroupState {
  return { version, dependencies, enforceRole };
}

/** What a change did to groups, as it is stored. */
export function groupDeltaRecords(deltas: readonly GroupDelta[]): Static<typeof HistoryRecord>['groups'] {
  return deltas.map(({ id, from, to }) => ({
    id,
    ...(from !== undefined && { from: plain(from) }),
    ...(to !== undefined && { to: plain(to) }),
  }));
}

function plain({ version, dependencies, enforceRole }: GroupState): Static<typeof GroupRecord> {
  return { version, dependencies: [...dependencies], enforceRole };
}

/** The same, read. */
export function groupDeltasFrom(records: Static<typeof HistoryRecord>['groups']): GroupDelta[] {
  return records.map(({ id, from, to }) => ({ id, from: from && groupFrom(from), to: to && groupFrom(to) }));
}

/** A change of the root as it is stored. */
export function historyRecord({ before, apps, groups }: RootDelta): JsonValue {
  return asJson({ before, apps, groups: groupDeltaRecords(groups) });
}

/** A change of the root from its record. */
export function readHistory(version: string, value: JsonValue): RootDelta | undefined {
  const record = historyReader.read(value);
  if (record === undefined) return undefined;
  const apps = record.apps.map(({ id, from, to }) => ({ id, from, to }));
  return { version, before: record.before, apps, groups: groupDeltasFrom(record.groups) };
}

const placeRecords = new WeakMap<AgentPlace, JsonValue>();

/** The record of a place, made once per place: many instances share one. */
function placeRecord(place: AgentPlace): JsonValue {
  let record = placeRecords.get(place);
  if (record === undefined) {
    record = {
      agent: place.agentId,
      host: place.hostname,
      ...(place.region !== undefined && { region: place.region }),
      ...(place.zone !== undefined && { zone: place.zone }),
      ...(place.attributes.size > 0 && { attributes: Object.fromEntries(place.attributes) }),
    };
    placeRecords.set(place, record);
  }
  return record;
}

/** An instance as it is stored. Empty and unknown members are left out. */
export function instanceRecord(instance: Instance): JsonValue {
  const record: Record<string, JsonValue> = {
    app: instance.appId,
    version: instance.appVersion,
    goal: instance.goal,
    condition: instance.condition,
    since: instance.since,
    incarnation: instance.incarnation,
  };
  if (instance.place !== undefined) record.place = placeRecord(instance.place);
  if (instance.hostPorts.length > 0) record.ports = instance.hostPorts;
  if (instance.ipAddresses.length > 0) record.ips = asJson(instance.ipAddresses);
  if (instance.taskState !== undefined) record.state = instance.taskState;
  if (instance.stagedAt !== undefined) record.staged = instance.stagedAt;
  if (instance.startedAt !== undefined) record.started = instance.startedAt;
  if (instance.healthy !== undefined) record.healthy = instance.healthy;
  if (instance.health.length > 0) record.health = asJson(instance.health);
  if (instance.readiness.length > 0) record.readiness = asJson(instance.readiness);
  if (instance.checkStatus !== undefined) record.check = asJson(instance.checkStatus);
  if (instance.tasks !== undefined) record.tasks = asJson(instance.tasks);
  if (instance.reservation !== undefined) record.reservation = reservationRecord(instance.reservation);
  if (instance.drainUntil !== undefined) record.drain = instance.drainUntil;
  return record;
}

function reservationRecord(reservation: Reservation): JsonValue {
  const { place, role, volumes, hostPorts: ports, incarnation, isConfirmed: confirmed } = reservation;
  return { place: placeRecord(place), role, volumes: asJson(volumes), ports, incarnation, confirmed };
}

/** Gives one object for many equal ones, so that 100,000 instances share their texts and places. */
export interface Sharing {
  text(value: string): string;
  place(place: AgentPlace): AgentPlace;
}

/** An instance from its record; undefined when the record is damaged. */
export function readInstance(id: string, value: JsonValue, sharing: Sharing): Instance | undefined {
  const record = instanceReader.read(value);
  if (record === undefined) return undefined;
  const { place } = record;
  return {
    id,
    appId: sharing.text(record.app),
    appVersion: sharing.text(record.version),
    goal: record.goal,
    condition: record.condition,
    since: record.since,
    incarnation: record.incarnation,
    place: place && sharing.place(placeFrom(place)),
    hostPorts: record.ports ?? [],
    ipAddresses: record.ips ?? [],
    taskState: record.state,
    stagedAt: record.staged,
    startedAt: record.started,
    healthy: record.healthy,
    health: record.health ?? [],
    readiness: record.readiness ?? [],
    ...(record.check !== undefined && { checkStatus: record.check }),
    ...(record.tasks !== undefined && { tasks: record.tasks.map((task) => ({ ...task, state: task.state })) }),
    ...(record.reservation !== undefined && {
      reservation: reservationFrom(record.reservation, record.incarnation, sharing),
    }),
    drainUntil: record.drain,
  };
}

/** @param present the instance's incarnation: before it was written down, only what that one reports was believed */
function reservationFrom(record: Static<typeof ReservationRecord>, present: number, sharing: Sharing): Reservation {
  const { role, volumes, ports: hostPorts, incarnation = present, confirmed: isConfirmed } = record;
  return { place: sharing.place(placeFrom(record.place)), role, volumes, hostPorts, incarnation, isConfirmed };
}

function placeFrom(place: Static<typeof PlaceRecord>): AgentPlace {
  return {
    agentId: place.agent,
    hostname: place.host,
    region: place.region,
    zone: place.zone,
    attributes: new Map(Object.entries(place.attributes ?? {})),
  };
}

/** The same value, known to be JSON; members that are undefined are left out. */
export function asJson(value: unknown): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) return value.map(asJson);
  const members: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value as object)) {
    if (member !== undefined) members[key] = asJson(member);
  }
  return members;
}

/** Reads everything from the store into memory. A record that cannot be read spoils only itself. */
import type { Logger } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { Store } from '@stadion/store';
import { appIdOfSafe, safeIdOfInstance } from '../core/instance-ids.ts';
import type { AgentPlace, Instance } from '../core/instance.ts';
import { deploymentFrom } from './deployment.ts';
import type { DeployPolicies } from './deploy-policies.ts';
import type { DeploymentArchive } from './deployment-archive.ts';
import type { Deployments } from './deployments.ts';
import type { Fleet } from './fleet.ts';
import type { MasterLink } from './master-link.ts';
import {
  frameworkKey,
  readDefinition,
  readDeployment,
  readEnded,
  readFailure,
  readFramework,
  readGiveBack,
  readGroup,
  readHistory,
  readInstance,
  readPolicy,
  readTally,
  readVersion,
  recordPrefix,
  rootKey,
  type Sharing,
} from './records.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';
import type { RootState } from './root-state.ts';

interface LoadParts {
  readonly store: Store;
  readonly log: Logger;
  readonly root: RootState;
  readonly fleet: Fleet;
  readonly reservations: ReservationKeeper;
  readonly deployments: Deployments;
  readonly archive: DeploymentArchive;
  readonly policies: DeployPolicies;
  readonly link: MasterLink;
  readonly places: Map<string, AgentPlace>;
  /** Filled with the ids of instances whose records are damaged. */
  readonly damaged: Set<string>;
  /** Filled with the ids of apps that something damaged belongs to. */
  readonly damagedApps: Set<string>;
}

/**
 * Loads all records.
 * @throws PlatformError of the store when it cannot be read at all
 */
export async function loadState(parts: LoadParts): Promise<void> {
  const { store, root, link } = parts;
  const framework = readFramework.read((await store.get(frameworkKey))?.value ?? null);
  if (framework !== undefined) link.load(framework.id);
  const definitions = await loadVersions(parts);
  await loadApps(parts, definitions);
  const rootVersion = readVersion.read((await store.get(rootKey))?.value ?? null);
  if (rootVersion !== undefined) root.loadRootVersion(rootVersion.version);
  for await (const { key, value } of store.list(recordPrefix.groups)) {
    const group = readGroup(value);
    if (group === undefined) report(parts, key);
    else root.loadGroup(appIdOfSafe(key.slice(recordPrefix.groups.length)), group);
  }
  for await (const { key, value } of store.list(recordPrefix.history)) {
    const delta = readHistory(key.slice(recordPrefix.history.length), value);
    if (delta === undefined) report(parts, key);
    else root.loadHistory(delta);
  }
  await loadInstances(parts);
  for await (const { key, value } of store.list(recordPrefix.givingBack)) {
    const record = readGiveBack.read(value);
    if (record === undefined) report(parts, key);
    else parts.reservations.load(key, record);
  }
  for await (const { key, value } of store.list(recordPrefix.ended)) {
    const record = readEnded.read(value);
    if (record === undefined) report(parts, key);
    else parts.archive.load(record);
  }
  for await (const { key, value } of store.list(recordPrefix.policies)) {
    const policy = readPolicy.read(value);
    if (policy === undefined) report(parts, key);
    else parts.policies.load(appIdOfSafe(key.slice(recordPrefix.policies.length, -1)), policy);
  }
  await loadDeployments(parts);
  for await (const { key, value } of store.list(recordPrefix.failures)) {
    const failure = readFailure.read(value);
    if (failure !== undefined) parts.fleet.loadFailure(failure);
    else report(parts, key);
  }
}

/** Versions of an app come in the order of their keys, which is that of time. */
async function loadVersions(parts: LoadParts): Promise<Map<string, AppDefinition>> {
  const { store, root } = parts;
  const definitions = new Map<string, AppDefinition>();
  for await (const { key, value } of store.list(recordPrefix.versions)) {
    const app = readDefinition.read(value);
    if (app === undefined) {
      report(parts, key);
      continue;
    }
    root.loadVersion(app);
    root.loadRootVersion(app.version);
    definitions.set(`${app.id} ${app.version}`, app);
  }
  return definitions;
}

async function loadApps(parts: LoadParts, definitions: ReadonlyMap<string, AppDefinition>): Promise<void> {
  const { store, root, damagedApps } = parts;
  for await (const { key, value } of store.list(recordPrefix.apps)) {
    const appId = appIdOfSafe(key.slice(recordPrefix.apps.length));
    const record = readVersion.read(value);
    const app = record && definitions.get(`${appId} ${record.version}`);
    if (app !== undefined) {
      root.load(app);
      continue;
    }
    // What it is to run cannot be read: what does run is left as it is.
    damagedApps.add(appId);
    report(parts, key);
  }
}

async function loadInstances(parts: LoadParts): Promise<void> {
  const { store, fleet, damaged, damagedApps } = parts;
  const sharing = sharingOf(parts.places);
  const instances: Instance[] = [];
  for await (const { key, value } of store.list(recordPrefix.instances)) {
    const id = key.slice(recordPrefix.instances.length);
    const instance = readInstance(id, value, sharing);
    if (instance !== undefined) {
      instances.push(instance);
      continue;
    }
    damaged.add(id);
    const safeId = safeIdOfInstance(id);
    if (safeId !== undefined) damagedApps.add(appIdOfSafe(safeId));
    report(parts, key);
  }
  // Records come in the order of their keys; instances are kept oldest first.
  instances.sort((left, right) => (left.stagedAt ?? left.since) - (right.stagedAt ?? right.since));
  for (const instance of instances) fleet.load(instance);
}

async function loadDeployments(parts: LoadParts): Promise<void> {
  for await (const { key, value } of parts.store.list(recordPrefix.deployments)) {
    const record = readDeployment.read(value);
    const deployment = record && deploymentFrom(key.slice(recordPrefix.deployments.length), record);
    if (deployment === undefined) {
      report(parts, key);
      continue;
    }
    parts.root.loadRootVersion(deployment.version);
    parts.deployments.load(deployment);
  }
  for await (const { key, value } of parts.store.list(recordPrefix.tallies)) {
    const tally = readTally.read(value);
    if (tally === undefined) report(parts, key);
    else parts.deployments.loadTally(key.slice(recordPrefix.tallies.length), tally);
  }
}

function sharingOf(places: Map<string, AgentPlace>): Sharing {
  const texts = new Map<string, string>();
  return {
    text(value) {
      const known = texts.get(value);
      if (known !== undefined) return known;
      texts.set(value, value);
      return value;
    },
    place(place) {
      const known = places.get(place.agentId);
      if (known?.hostname === place.hostname && sameFacts(known, place)) return known;
      places.set(place.agentId, place);
      return place;
    },
  };
}

function sameFacts(left: AgentPlace, right: AgentPlace): boolean {
  if (left.region !== right.region || left.zone !== right.zone) return false;
  if (left.attributes.size !== right.attributes.size) return false;
  for (const [name, value] of left.attributes) if (right.attributes.get(name) !== value) return false;
  return true;
}

function report(parts: LoadParts, key: string): void {
  parts.log.error(
    { key },
    'a stored record is damaged and left out; what it belongs to is not touched until it is changed or removed',
  );
}

/** Apps and offers for tests: sensible defaults, and only what a test is about spelled out. */
import type { Attribute, Offer, Resource } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AgentPlace } from '../../instance.ts';
import { prepareOffer } from '../matcher.ts';
import type { PreparedOffer } from '../types.ts';

/** A canonical app on the host's network, without ports. */
export function anApp(changes: Partial<AppDefinition> = {}): AppDefinition {
  return {
    id: '/web',
    cmd: './run',
    instances: 1,
    cpus: 1,
    mem: 128,
    disk: 0,
    gpus: 0,
    executor: '',
    requirePorts: false,
    backoffSeconds: 1,
    backoffFactor: 1.15,
    maxLaunchDelaySeconds: 300,
    killSelection: 'YOUNGEST_FIRST',
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    labels: {},
    role: '*',
    networks: [{ mode: 'host' }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    version: '2021-01-01T00:00:00.000Z',
    versionInfo: { lastScalingAt: '2021-01-01T00:00:00.000Z', lastConfigChangeAt: '2021-01-01T00:00:00.000Z' },
    ...changes,
  };
}

/** What {@link anOffer} may be given. */
export interface OfferChanges {
  readonly host?: string;
  readonly role?: string;
  readonly cpus?: number;
  readonly mem?: number;
  readonly disk?: number;
  readonly gpus?: number;
  /** Inclusive ranges. */
  readonly ports?: readonly (readonly [number, number])[];
  /** Text attributes by name. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly moreAttributes?: readonly Attribute[];
  readonly moreResources?: readonly Resource[];
  readonly region?: string;
  readonly zone?: string;
  readonly containerizers?: readonly string[];
}

/** An offer of one agent, its id derived from its hostname. */
export function anOffer(changes: OfferChanges = {}): Offer {
  const { host = 'n1', cpus = 4, mem = 4096, disk = 10_000, gpus = 0, ports = [[31000, 32000]] } = changes;
  const { region, zone = 'z' } = changes;
  const containerizers = changes.containerizers && {
    name: 'stadion_containerizers',
    type: 'SET' as const,
    set: { item: [...changes.containerizers] },
  };
  return {
    id: { value: `offer-${host}` },
    framework_id: { value: 'framework' },
    agent_id: { value: `agent-${host}` },
    hostname: host,
    allocation_info: { role: changes.role ?? '*' },
    ...(region === undefined ? {} : { domain: { fault_domain: { region: { name: region }, zone: { name: zone } } } }),
    resources: [
      ...Object.entries({ cpus, mem, disk, gpus }).map(([name, value]): Resource => {
        return { name, type: 'SCALAR', scalar: { value } };
      }),
      { name: 'ports', type: 'RANGES', ranges: { range: ports.map(([begin, end]) => ({ begin, end })) } },
      ...(changes.moreResources ?? []),
    ],
    attributes: [
      ...Object.entries(changes.attributes ?? {}).map(([name, value]): Attribute => {
        return { name, type: 'TEXT', text: { value } };
      }),
      ...(containerizers === undefined ? [] : [containerizers]),
      ...(changes.moreAttributes ?? []),
    ],
  };
}

/** {@link anOffer}, made ready. */
export function aPreparedOffer(changes: OfferChanges = {}): PreparedOffer {
  return prepareOffer(anOffer(changes));
}

/** A place as an instance remembers it. */
export function aPlace(changes: OfferChanges = {}): AgentPlace {
  return aPreparedOffer(changes).place;
}

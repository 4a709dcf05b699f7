import { SeededRandom } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { describe, expect, it } from 'vitest';
import { matchOffers } from './matcher.ts';
import { anApp, aPlace, aPreparedOffer, type OfferChanges } from './testing/builders.ts';
import type { MatchOptions, PlacementRequest } from './types.ts';

const MANY = 1000;

function request(changes: Partial<AppDefinition>, count = 1, placed: OfferChanges[] = []): PlacementRequest {
  return { app: anApp({ instances: count + placed.length, ...changes }), count, placed: placed.map(aPlace) };
}

function match(
  requests: PlacementRequest[],
  offers: OfferChanges[],
  options: Partial<MatchOptions> = {},
  seed = 'matcher',
) {
  const random = new SeededRandom(seed);
  return matchOffers(requests, offers.map(aPreparedOffer), random, { maxInstancesPerOffer: MANY, ...options });
}

/** How many instances each offer took. */
function loads({ placements }: ReturnType<typeof match>, offers: number): number[] {
  return Array.from({ length: offers }, (_, index) => placements.filter(({ offer }) => offer === index).length);
}

const hosts = (count: number, changes: OfferChanges = {}): OfferChanges[] =>
  Array.from({ length: count }, (_, index) => ({ host: `n${index + 1}`, ...changes }));

describe('spreading', () => {
  it('goes round over the offers instead of filling one', () => {
    expect(loads(match([request({ cpus: 0.1 }, 12)], hosts(4)), 4)).toEqual([3, 3, 3, 3]);
  });

  it('goes on where the last app of the same shape stopped', () => {
    const apps = Array.from({ length: 8 }, (_, index) => request({ id: `/app-${index}`, cpus: 0.1 }));
    expect(loads(match(apps, hosts(4)), 4)).toEqual([2, 2, 2, 2]);
  });

  it('starts anywhere', () => {
    const starts = Array.from({ length: 40 }, (_, seed) => {
      return match([request({})], hosts(4), {}, `seed ${seed}`).placements[0]?.offer;
    });
    expect(new Set(starts)).toEqual(new Set([0, 1, 2, 3]));
  });

  it('is repeatable from the seed', () => {
    const apps = [request({ cpus: 0.1, portDefinitions: [{ port: 10_000, protocol: 'tcp' }] }, 20)];
    expect(match(apps, hosts(4))).toEqual(match(apps, hosts(4)));
  });

  it('fills the larger agents once the smaller ones are full', () => {
    const offers = [
      { host: 'n1', cpus: 1 },
      { host: 'n2', cpus: 5 },
    ];
    expect(loads(match([request({ cpus: 1 }, 6)], offers), 2)).toEqual([1, 5]);
  });

  it('gives one offer no more instances per pass than allowed, over all apps', () => {
    const result = match([request({ cpus: 0.1 }, 3), request({ id: '/b', cpus: 0.1 }, 9)], hosts(2), {
      maxInstancesPerOffer: 5,
    });
    expect(loads(result, 2)).toEqual([5, 5]);
    expect([...result.tallies.keys()]).toEqual([1]);
    expect(result.tallies.get(1)).toMatchObject({ processed: 2, declined: new Map() });
  });

  it('serves earlier requests first', () => {
    const result = match([request({ cpus: 3 }), request({ id: '/b', cpus: 3 })], hosts(1));
    expect(result.placements.map((placement) => placement.request)).toEqual([0]);
    expect([...result.tallies.keys()]).toEqual([1]);
  });
});

describe('constraints', () => {
  const racks = ['r1', 'r1', 'r1', 'r2', 'r3'].map((rack, index) => ({ host: `n${index}`, attributes: { rack } }));

  it('count the instances that are placed in the same pass', () => {
    const result = match([request({ cpus: 0.1, constraints: [['hostname', 'UNIQUE']] }, 5)], hosts(3));
    expect(loads(result, 3)).toEqual([1, 1, 1]);
    expect(result.tallies.get(0)?.declined).toEqual(new Map([['UnfulfilledConstraint', 3]]));
  });

  it('count the instances that were there before', () => {
    const unique = request({ constraints: [['hostname', 'UNIQUE']] }, 2, [{ host: 'n1' }]);
    expect(loads(match([unique], hosts(3)), 3)).toEqual([0, 1, 1]);
  });

  it('keep groups even, however uneven the racks are', () => {
    const result = match([request({ cpus: 0.1, constraints: [['rack', 'GROUP_BY']] }, 9)], racks);
    const [a = 0, b = 0, c = 0, d, e] = loads(result, 5);
    expect([a + b + c, d, e]).toEqual([3, 3, 3]);
    expect([a, b, c]).toEqual([1, 1, 1]);
  });

  it('keep two kinds of groups even at once', () => {
    const constraints = [
      ['rack', 'GROUP_BY', '2'],
      ['hostname', 'MAX_PER', '1'],
    ];
    const result = match([request({ cpus: 0.1, constraints }, 2)], racks);
    const used = new Set(result.placements.map(({ offer }) => racks[offer]?.attributes.rack));
    expect(result.placements).toHaveLength(2);
    expect(used.size).toBe(2);
  });

  it('stop at a group that is full, since no other may go ahead of it', () => {
    const offers = [
      { host: 'n1', cpus: 1, attributes: { rack: 'r1' } },
      { host: 'n2', cpus: 9, attributes: { rack: 'r2' } },
    ];
    const result = match([request({ cpus: 1, constraints: [['rack', 'GROUP_BY']] }, 9)], offers);
    expect(loads(result, 2)).toEqual([1, 2]);
    expect([...(result.tallies.get(0)?.explanations.values() ?? [])].map(({ message }) => message)).toEqual([
      'needs 1 cpus, the most free on one agent is 0 (1 of 2 agents)',
      'rack GROUP_BY wants the next instance in r1, agents have r2 (1 of 2 agents)',
    ]);
  });

  it('follow the first instance of the pass with CLUSTER', () => {
    const result = match([request({ cpus: 0.1, constraints: [['hostname', 'CLUSTER']] }, 6)], hosts(3));
    expect(loads(result, 3).sort()).toEqual([0, 0, 6]);
  });
});

describe('maintenance', () => {
  it('keeps new instances away, counted where Marathon counts it', () => {
    const offers = hosts(2).map(aPreparedOffer);
    const out = offers.map((offer, index) => ({ ...offer, isOutOfService: index === 0 }));
    const options = { maxInstancesPerOffer: MANY };
    const result = matchOffers([request({ cpus: 0.1 }, 3)], out, new SeededRandom('m'), options);
    expect(loads(result, 2)).toEqual([0, 3]);
    const none = matchOffers([request({ cpus: 0.1 })], out.slice(0, 1), new SeededRandom('m'), options);
    expect(none.tallies.get(0)?.declined).toEqual(new Map([['AgentMaintenance', 1]]));
    expect(none.tallies.get(0)?.explanations.get('maintenance')?.message).toBe(
      'every agent is planned to be out of service now',
    );
  });
});

describe('regions', () => {
  const offers = [{ host: 'home', region: 'eu' }, { host: 'away', region: 'us' }, { host: 'nowhere' }];
  const homeRegion = 'eu';

  it('are left only by a constraint that says so; agents without one count as near', () => {
    expect(loads(match([request({ cpus: 0.1 }, 6)], offers, { homeRegion }), 3)).toEqual([3, 0, 3]);
    const abroad = request({ constraints: [['@region', 'IS', 'us']] });
    expect(loads(match([abroad], offers, { homeRegion }), 3)).toEqual([0, 1, 0]);
  });

  it('do not matter while the home region is not known', () => {
    expect(loads(match([request({ cpus: 0.1 }, 6)], offers), 3)).toEqual([2, 2, 2]);
  });
});

describe('ports', () => {
  const mapping = { protocol: 'tcp' as const, servicePort: 0, labels: {} };
  const definition = (port: number) => ({ port, protocol: 'tcp' as const });

  function hostPorts(changes: Partial<AppDefinition>, ports: [number, number][], count = 1) {
    return match([request({ cpus: 0.1, ...changes }, count)], [{ ports }]).placements.map((one) => one.hostPorts);
  }

  it('are chosen from the offer for definitions, whatever their number', () => {
    const [ports] = hostPorts({ portDefinitions: [definition(10_000), definition(0)] }, [[31_000, 31_001]]);
    expect([...(ports ?? [])].sort()).toEqual([31_000, 31_001]);
  });

  it('are those of the definitions with requirePorts, save for 0', () => {
    const changes = { requirePorts: true, portDefinitions: [definition(80), definition(0)] };
    expect(hostPorts(changes, [[80, 81]])).toEqual([[80, 81]]);
    expect(hostPorts(changes, [[81, 90]])).toEqual([]);
  });

  it('do not take by chance what is required', () => {
    const changes = { requirePorts: true, portDefinitions: [definition(0), definition(81)] };
    expect(hostPorts(changes, [[80, 81]])).toEqual([[80, 81]]);
  });

  it('follow the host ports of mappings in bridge mode, an absent one being dynamic', () => {
    const portMappings = [
      { ...mapping, containerPort: 8080, hostPort: 0 },
      { ...mapping, containerPort: 53, hostPort: 31_001, protocol: 'udp,tcp' as const },
      { ...mapping, containerPort: 9000 },
    ];
    const bridge = { networks: [{ mode: 'container/bridge' as const }], container: aDocker(portMappings) };
    const [ports] = hostPorts(bridge, [[31_000, 31_002]]);
    expect(ports?.[1]).toBe(31_001);
    expect([ports?.[0], ports?.[2]].sort()).toEqual([31_000, 31_002]);
  });

  it('are none for mappings without host port on a container network', () => {
    const portMappings = [
      { ...mapping, containerPort: 8080 },
      { ...mapping, containerPort: 9000, hostPort: 0 },
    ];
    const network = { networks: [{ mode: 'container' as const, name: 'net' }], container: aDocker(portMappings) };
    expect(hostPorts(network, [[31_000, 31_000]])).toEqual([[undefined, 31_000]]);
  });

  it('are one where a tcp and a udp mapping name the same number', () => {
    const portMappings = [
      { ...mapping, containerPort: 53, hostPort: 53 },
      { ...mapping, containerPort: 53, hostPort: 53, protocol: 'udp' as const },
    ];
    const bridge = { networks: [{ mode: 'container/bridge' as const }], container: aDocker(portMappings) };
    expect(hostPorts(bridge, [[53, 53]], 2)).toEqual([[53, 53]]);
  });

  it('say which of the required are not free, or how many are', () => {
    const required = { requirePorts: true, portDefinitions: [definition(80), definition(443)] };
    const dynamic = { portDefinitions: [definition(0), definition(0)] };
    const offers: OfferChanges[] = [{ host: 'n1', ports: [[80, 80]] }];
    const result = match([request(required), request({ id: '/b', ...dynamic })], offers);
    expect(result.tallies.get(0)?.explanations.get('ports')?.message).toBe('port 443 not free');
    expect(result.tallies.get(1)?.explanations.get('ports')?.message).toBe(
      'needs 2 ports, the most free on one agent is 1',
    );
  });

  function aDocker(portMappings: NonNullable<NonNullable<AppDefinition['container']>['portMappings']>) {
    const docker = { image: 'i', forcePullImage: false, privileged: false, parameters: [] };
    return { type: 'DOCKER' as const, docker, volumes: [], portMappings };
  }
});

describe('containerizers', () => {
  const docker = { image: 'nginx', forcePullImage: false, privileged: false, parameters: [] };
  const dockerApp = { container: { type: 'DOCKER' as const, docker, volumes: [] } };
  const imageApp = { container: { type: 'MESOS' as const, docker, volumes: [] } };

  it('an app with a Docker image waits where no agent has Docker', () => {
    const { placements, tallies } = match([request(dockerApp)], [{ containerizers: ['posix'] }]);
    expect(placements).toEqual([]);
    expect(tallies.get(0)).toMatchObject({
      processed: 1,
      declined: new Map([['UnfulfilledConstraint', 1]]),
      explanations: new Map([
        [
          'docker-missing',
          { reason: 'UnfulfilledConstraint', agents: 1, examples: ['n1'], message: 'no agent has Docker' },
        ],
      ]),
    });
  });

  it('counts the agents without Docker where some have it', () => {
    const offers = [
      { host: 'n1', containerizers: ['posix'] },
      { host: 'n2', containerizers: ['posix', 'docker'], cpus: 1 },
    ];
    const { placements, tallies } = match([request(dockerApp, 2)], offers);
    expect(placements.map(({ offer }) => offer)).toEqual([1]);
    expect(tallies.get(0)?.explanations.get('docker-missing')?.message).toBe('no Docker (1 of 2 agents)');
  });

  it('an image for the Mesos containerizer needs linux, a plain process posix or linux', () => {
    const offers = hosts(1, { containerizers: ['posix', 'docker'] });
    expect([
      ...(match([request(imageApp)], offers)
        .tallies.get(0)
        ?.explanations.keys() ?? []),
    ]).toEqual(['linux-missing']);
    expect(match([request(imageApp)], hosts(1, { containerizers: ['linux'] })).placements).toHaveLength(1);
    expect(match([request({})], hosts(1, { containerizers: ['linux'] })).placements).toHaveLength(1);
    expect(match([request({})], hosts(1, { containerizers: ['docker'] })).placements).toHaveLength(0);
  });

  it('an agent that does not say can run anything', () => {
    expect(match([request(dockerApp)], hosts(1)).placements).toHaveLength(1);
  });
});

describe('tallies', () => {
  it('count an offer once, under the first reason in the order of the funnel', () => {
    const offers: OfferChanges[] = [
      { host: 'role', role: 'other', cpus: 0 },
      { host: 'rack', attributes: { rack: 'r2' }, cpus: 0 },
      { host: 'cpus', attributes: { rack: 'r1' }, cpus: 1, mem: 0 },
      { host: 'mem', attributes: { rack: 'r1' }, mem: 10, disk: 0 },
      { host: 'disk', attributes: { rack: 'r1' }, disk: 1, ports: [] },
      { host: 'gpus', attributes: { rack: 'r1' }, ports: [] },
      { host: 'ports', attributes: { rack: 'r1' }, gpus: 1, ports: [] },
    ];
    const wanting = request({
      cpus: 2.5,
      disk: 100,
      gpus: 1,
      portDefinitions: [{ port: 0, protocol: 'tcp' }],
      constraints: [['rack', 'CLUSTER', 'r1']],
    });
    const tally = match([wanting], offers).tallies.get(0);
    expect(tally?.processed).toBe(7);
    expect(tally?.declined).toEqual(
      new Map([
        ['UnfulfilledRole', 1],
        ['UnfulfilledConstraint', 1],
        ['InsufficientCpus', 1],
        ['InsufficientMemory', 1],
        ['InsufficientDisk', 1],
        ['InsufficientGpus', 1],
        ['InsufficientPorts', 1],
      ]),
    );
    const sentences = [...(tally?.explanations ?? [])].map(([code, { message, examples }]) => [
      code,
      message,
      examples,
    ]);
    expect(sentences).toEqual([
      ['role-mismatch', 'needs an offer for role *, agents offer to other (1 of 7 agents)', ['role']],
      ['constraint:rack:CLUSTER', 'rack CLUSTER needs r1, agents have r2 (1 of 7 agents)', ['rack']],
      ['cpus', 'needs 2.5 cpus, the most free on one agent is 1 (1 of 7 agents)', ['cpus']],
      ['mem', 'needs 128 MiB of memory, the most free on one agent is 10 (1 of 7 agents)', ['mem']],
      ['disk', 'needs 100 MiB of disk, the most free on one agent is 1 (1 of 7 agents)', ['disk']],
      ['gpus', 'needs 1 gpus, the most free on one agent is 0 (1 of 7 agents)', ['gpus']],
      ['ports', 'needs 1 port, the most free on one agent is 0 (1 of 7 agents)', ['ports']],
    ]);
    expect(tally?.refused.map(({ offer }) => offer.place.hostname)).toEqual(offers.map(({ host }) => host));
  });

  it('name the agent that comes nearest with all that it lacks, of those that lack nothing but resources', () => {
    const offers: OfferChanges[] = [
      { host: 'other-rack', cpus: 3.9, attributes: { rack: 'r2' } },
      { host: 'far', cpus: 1, mem: 64, attributes: { rack: 'r1' } },
      { host: 'near', cpus: 3, mem: 96, attributes: { rack: 'r1' } },
      { host: 'no-ports', cpus: 3.9, ports: [], attributes: { rack: 'r1' } },
    ];
    const wanting = request({
      cpus: 4,
      mem: 128,
      portDefinitions: [{ port: 0, protocol: 'tcp' }],
      constraints: [['rack', 'CLUSTER', 'r1']],
    });
    const { nearest } = match([wanting], offers).tallies.get(0) ?? {};
    expect(nearest).toMatchObject({ hostname: 'near', lacks: { cpus: 1, mem: 32 } });
    expect(match([request({ cpus: 4 })], [{ host: 'role', role: 'other' }]).tallies.get(0)).not.toHaveProperty(
      'nearest',
    );
  });

  it('are made for unsatisfied requests only', () => {
    const { tallies } = match([request({}), request({ id: '/b', cpus: 99 })], hosts(2));
    expect([...tallies.keys()]).toEqual([1]);
  });

  it('name a few agents and values, and the nearest fit', () => {
    const offers = ['r2', 'r3', 'r4', 'r5', 'r5'].map((rack, index) => ({ host: `n${index}`, attributes: { rack } }));
    const clustered = request({ constraints: [['rack', 'CLUSTER', 'r1']] });
    expect(match([clustered], offers).tallies.get(0)?.explanations.get('constraint:rack:CLUSTER')).toEqual({
      reason: 'UnfulfilledConstraint',
      agents: 5,
      examples: ['n0', 'n1', 'n2'],
      message: 'rack CLUSTER needs r1, agents have r2, r3, r4, …',
    });
    const uneven = [
      { host: 'n1', cpus: 0.5 },
      { host: 'n2', cpus: 1.5 },
    ];
    expect(
      match([request({ cpus: 4 })], uneven)
        .tallies.get(0)
        ?.explanations.get('cpus')?.message,
    ).toBe('needs 4 cpus, the most free on one agent is 1.5');
  });

  it('say when agents lack the attribute', () => {
    const clustered = request({ constraints: [['rack', 'CLUSTER', 'r1']] });
    const message = (offers: OfferChanges[]) =>
      match([clustered], offers).tallies.get(0)?.explanations.get('constraint:rack:CLUSTER')?.message;
    expect(message(hosts(2))).toBe('rack CLUSTER: agents have no attribute rack');
    expect(message([{ host: 'n1' }, { host: 'n2', attributes: { rack: 'r2' } }])).toBe(
      'rack CLUSTER needs r1, agents have r2 or no attribute rack',
    );
  });

  it('exist with nothing processed when there are no offers', () => {
    expect(match([request({})], []).tallies.get(0)).toMatchObject({ processed: 0, declined: new Map() });
    const grouped = request({ constraints: [['rack', 'GROUP_BY']] });
    expect(match([grouped], []).tallies.get(0)).toMatchObject({ processed: 0 });
  });

  it('refuse an app that accepts reserved resources only', () => {
    const { tallies } = match([request({ acceptedResourceRoles: ['prod'], role: 'prod' })], hosts(1, { role: 'prod' }));
    expect(tallies.get(0)?.explanations.get('reserved-only')?.reason).toBe('UnfulfilledRole');
  });
});

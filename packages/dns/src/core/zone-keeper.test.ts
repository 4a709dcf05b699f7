import { describe, expect, test } from 'vitest';
import { taskHash } from '../dns.ts';
import { clusterState, marathonDiscovery, stateTask } from '../testing/cluster-state.ts';
import { rfc1123Label } from './labels.ts';
import { readState } from './read-state.ts';
import { ZoneKeeper } from './zone-keeper.ts';

const MASTERS = [
  { address: '10.0.0.1', port: 5050 },
  { address: '10.0.0.3', port: 5050 },
];

function keeperOf(tasks: readonly unknown[]): ZoneKeeper {
  const keeper = new ZoneKeeper(
    { domain: 'mesos', label: rfc1123Label, ipSources: ['netinfo', 'mesos', 'host'], hash: taskHash },
    { name: 'ns1.mesos', addresses: ['127.0.0.1'] },
  );
  keeper.replace(readState(clusterState(tasks), MASTERS, new Map()), 0);
  return keeper;
}

function zone(keeper: ZoneKeeper): Readonly<Record<string, readonly string[]>> {
  const names = [...keeper.book.all()].map(
    ({ name, addresses, targets }) => [name, [...addresses, ...targets]] as const,
  );
  return Object.fromEntries(names.sort(([one], [other]) => (one < other ? -1 : 1)));
}

test('a snapshot is taken over step by step, and what happens in between is not undone', () => {
  const tasks = Array.from({ length: 50 }, (_, index) => stateTask(`t${String(index)}`, `app${String(index)}`));
  const keeper = keeperOf([stateTask('old', 'old')]);
  const steps = keeper.takeOver(readState(clusterState(tasks), MASTERS, new Map()), 1);
  let taken = 0;
  while (steps.next().done !== true) {
    taken += 1;
    if (taken === 10) {
      keeper.removeTask('t5', 2);
      keeper.removeTask('t45', 2);
      expect(keeper.setTask({ ...[...keeper.tasks.values()][0]!, id: 'new', name: 'new' })).toBe(true);
    }
  }
  expect(taken).toBeGreaterThanOrEqual(50);
  const names = Object.keys(zone(keeper));
  expect(names).toContain('app44.marathon.mesos');
  expect(names).toContain('new.marathon.mesos');
  for (const gone of ['app5', 'app45', 'old']) expect(names).not.toContain(`${gone}.marathon.mesos`);
  const whole = keeperOf(tasks.filter(({ id }) => id !== 't5' && id !== 't45'));
  expect(names.filter((name) => !/^_?new/.test(name))).toEqual(Object.keys(zone(whole)));
});

test('hashes are those of Mesos-DNS', () => {
  expect(['test', 'b_a.1', 'nginx.48dccce7-90bc-11e6-ae70-70b3d5800001'].map(taskHash)).toEqual([
    'iffe9',
    'fatyj',
    'jhy6r',
  ]);
});

test('the cluster itself has names', () => {
  expect(zone(keeperOf([]))).toEqual({
    '_framework._tcp.marathon.mesos': ['marathon.mesos:41000'],
    '_leader._tcp.mesos': ['leader.mesos:5050'],
    '_leader._udp.mesos': ['leader.mesos:5050'],
    '_slave._tcp.mesos': ['slave.mesos:5051'],
    'leader.mesos': ['10.0.0.1'],
    'marathon.mesos': ['10.0.0.2'],
    'master.mesos': ['10.0.0.1', '10.0.0.3'],
    'master0.mesos': ['10.0.0.1'],
    'master1.mesos': ['10.0.0.3'],
    'ns1.mesos': ['127.0.0.1'],
    'slave.mesos': ['10.0.0.10', '10.0.0.11'],
  });
});

test('a task without discovery information has its ports on the agent under both names', () => {
  const names = zone(keeperOf([stateTask('test', 'Plain_App', { addresses: ['172.17.0.2', 'fd00::2'] })]));
  const targets = ['plain-app-iffe9-s0.marathon.slave.mesos:31000', 'plain-app-iffe9-s0.marathon.slave.mesos:31001'];
  expect(names).toMatchObject({
    'plain-app.marathon.mesos': ['172.17.0.2', 'fd00::2'],
    'plain-app-iffe9-s0.marathon.mesos': ['172.17.0.2', 'fd00::2'],
    'plain-app.marathon.slave.mesos': ['10.0.0.10'],
    'plain-app-iffe9-s0.marathon.slave.mesos': ['10.0.0.10'],
    '_plain-app._tcp.marathon.mesos': targets,
    '_plain-app._udp.marathon.mesos': targets,
    '_plain-app._tcp.marathon.slave.mesos': targets,
    '_plain-app._udp.marathon.slave.mesos': targets,
  });
});

test('an app of Marathon has the label and the dotted name, with named ports', () => {
  const ports = [
    { number: 8080, name: 'HTTP_api', protocol: 'tcp' },
    { number: 9090, name: '', protocol: '' },
    { number: 53, protocol: 'udp,tcp' },
  ];
  const names = zone(keeperOf([stateTask('test', 'b.a', { discovery: marathonDiscovery('b.a', ports) })]));
  for (const name of ['b-a', 'b.a']) {
    const target = `${name}-iffe9-s0.marathon.mesos`;
    expect(names).toMatchObject({
      [`${name}.marathon.mesos`]: ['10.0.0.10'],
      [target]: ['10.0.0.10'],
      [`_${name}._tcp.marathon.mesos`]: [`${target}:8080`, `${target}:9090`],
      [`_${name}._udp.marathon.mesos`]: [`${target}:9090`],
      [`_${name}._udptcp.marathon.mesos`]: [`${target}:53`],
      [`_http-api._${name}._tcp.marathon.mesos`]: [`${target}:8080`],
      [`_${name}._tcp.marathon.slave.mesos`]: [
        `${name}-iffe9-s0.marathon.slave.mesos:31000`,
        `${name}-iffe9-s0.marathon.slave.mesos:31001`,
      ],
    });
  }
});

test('versions and shards have names below the app', () => {
  const discovery = { ...marathonDiscovery('web', [{ number: 80, protocol: 'tcp' }]), version: '2' };
  const labels = [{ key: 'shard', value: '3' }];
  const names = zone(keeperOf([stateTask('test', 'web', { discovery, labels })]));
  expect(names['v2.web.marathon.mesos']).toEqual(['10.0.0.10', 'web-iffe9-s0.marathon.mesos:80']);
  expect(names['shard-3.web.marathon.mesos']).toEqual(['10.0.0.10', 'web-iffe9-s0.marathon.mesos:80']);
});

describe('who is served', () => {
  const two = [
    stateTask('one', 'web', { addresses: ['10.1.0.1'] }),
    stateTask('two', 'web', { addresses: ['10.1.0.2'], agent: 'F-S1' }),
  ];
  const served = (keeper: ZoneKeeper): readonly string[] | undefined => zone(keeper)['web.marathon.mesos'];

  test('only what runs, and is not known to be unhealthy', () => {
    const keeper = keeperOf([
      ...two,
      stateTask('three', 'web', { addresses: ['10.1.0.3'], state: 'TASK_STAGING' }),
      stateTask('four', 'web', { addresses: ['10.1.0.4'], healthy: false }),
      stateTask('five', 'web', { addresses: ['10.1.0.5'], agent: 'unknown' }),
    ]);
    expect(served(keeper)).toEqual(['10.1.0.1', '10.1.0.2']);
    expect(keeper.whyNot(keeper.tasks.get('four')!)).toBe('it is not healthy');
  });

  test('what the orchestrator says counts more than health', () => {
    const keeper = keeperOf([...two, stateTask('four', 'web', { addresses: ['10.1.0.4'], healthy: false })]);
    keeper.setServing(
      new Map([
        ['one', false],
        ['four', true],
      ]),
    );
    expect(served(keeper)).toEqual(['10.1.0.2', '10.1.0.4']);
    keeper.setServing(new Map());
    expect([...served(keeper)!].sort()).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  test('what comes later has no names until the orchestrator has said that it serves', () => {
    const three = stateTask('three', 'web', { addresses: ['10.1.0.3'] });
    const keeper = keeperOf(two);
    keeper.setServing(new Map([['one', true]]), true);
    keeper.replace(readState(clusterState(two), MASTERS, new Map()), 4);
    // Of the second it says nothing, and was asked: that one is judged by its health.
    expect([...served(keeper)!].sort()).toEqual(['10.1.0.1', '10.1.0.2']);
    keeper.replace(readState(clusterState([...two, three]), MASTERS, new Map()), 5);
    expect([...served(keeper)!].sort()).toEqual(['10.1.0.1', '10.1.0.2']);
    expect(keeper.whyNot(keeper.tasks.get('three')!)).toBe('the orchestrator has not said yet that it serves');
    keeper.setServing(
      new Map([
        ['one', true],
        ['three', true],
      ]),
    );
    expect([...served(keeper)!].sort()).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3']);
  });

  test('out of rotation by hand, and back, also through snapshots', () => {
    const keeper = keeperOf(two);
    expect(keeper.setRotation('one', false)).toBe(true);
    expect(served(keeper)).toEqual(['10.1.0.2']);
    keeper.replace(readState(clusterState(two), MASTERS, new Map()), 5);
    expect(served(keeper)).toEqual(['10.1.0.2']);
    keeper.setRotation('one', true);
    expect([...served(keeper)!].sort()).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  test('a snapshot from before an end does not bring the task back', () => {
    const keeper = keeperOf(two);
    keeper.removeTask('one', 100);
    keeper.replace(readState(clusterState(two), MASTERS, new Map()), 99);
    expect(served(keeper)).toEqual(['10.1.0.2']);
    keeper.replace(readState(clusterState(two), MASTERS, new Map()), 101);
    expect([...served(keeper)!].sort()).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  test('only changed names are told', () => {
    const keeper = keeperOf(two);
    expect([...keeper.book.takeChanges()]).not.toEqual([]);
    keeper.replace(readState(clusterState(two), MASTERS, new Map()), 5);
    expect([...keeper.book.takeChanges()]).toEqual([]);
    keeper.removeTask('two', 6);
    expect([...keeper.book.takeChanges()].flat().map(({ name }) => name)).toContain('web.marathon.mesos');
  });
});

test('one bad object spoils only itself', () => {
  const state = clusterState([stateTask('test', 'web'), null, { id: 7 }, { id: 'x', state: 'TASK_RUNNING' }]);
  const spoiled = {
    ...state,
    slaves: [...state.slaves, { id: 'F-S9', pid: 'slave(1)@nowhere.invalid:5051' }, 'junk', { pid: 7 }],
    frameworks: [...state.frameworks, { name: '' }, null, { id: 'F-1', name: 'chronos', pid: 'no address', tasks: 7 }],
  };
  const cluster = readState(spoiled, [], new Map());
  expect(cluster.tasks.map(({ id }) => id)).toEqual(['test']);
  expect(cluster.agents).toHaveLength(3);
  expect(cluster.problems.length).toBeGreaterThanOrEqual(4);
});

/** Mesos-DNS's records, rule by rule; `zone-keeper.test` has those that need more than one line. */
import { describe, expect, test } from 'vitest';
import { taskHash } from '../dns.ts';
import { clusterState, stateTask } from '../testing/cluster-state.ts';
import { rfc1123Label, rfc952Label, type LabelRule } from './labels.ts';
import { readState } from './read-state.ts';
import type { IpSource } from './records.ts';
import { ZoneKeeper } from './zone-keeper.ts';

const MASTERS = [
  { address: '10.0.0.3', port: 5050 },
  { address: '10.0.0.4', port: 5050 },
];

function zone(
  state: unknown,
  rules: { ipSources?: readonly IpSource[]; label?: LabelRule; hosts?: ReadonlyMap<string, readonly string[]> } = {},
) {
  const { ipSources = ['netinfo', 'mesos', 'host'], label = rfc1123Label, hosts = new Map() } = rules;
  const keeper = new ZoneKeeper(
    { domain: 'mesos', label, ipSources, hash: taskHash },
    { name: 'ns1.mesos', addresses: [] },
  );
  keeper.replace(readState(state, MASTERS, hosts), 0);
  return Object.fromEntries(
    [...keeper.book.all()].map(({ name, addresses, targets }) => [name, [...addresses, ...targets]]),
  );
}

/** A task with statuses of its own. */
function withStatuses(...statuses: unknown[]) {
  return { ...stateTask('test', 'web', { ports: '[31000-31001, 31005-31005]' }), statuses };
}

const networks = (...addresses: string[]) => [{ ip_addresses: addresses.map((ip_address) => ({ ip_address })) }];
const label = (key: string, value: string) => [{ key, value }];

describe('addresses of a task', () => {
  const address = (status: object, sources?: readonly IpSource[]) => {
    const state = clusterState([withStatuses({ state: 'TASK_RUNNING', timestamp: 1, ...status })]);
    return zone(state, sources === undefined ? {} : { ipSources: sources })['web.marathon.mesos'];
  };
  const everywhere = {
    container_status: { network_infos: networks('10.1.0.1', 'fd00::1', '10.1.0.2') },
    labels: [
      ...label('Docker.NetworkSettings.IPAddress', '10.2.0.1'),
      ...label('MesosContainerizer.NetworkSettings.IPAddress', '10.3.0.1'),
    ],
  };

  test.each<[readonly IpSource[], readonly string[]]>([
    [
      ['netinfo', 'host'],
      ['10.1.0.1', 'fd00::1', '10.1.0.2'],
    ],
    [['docker', 'netinfo'], ['10.2.0.1']],
    [['mesos', 'docker'], ['10.3.0.1']],
    [['host', 'netinfo'], ['10.0.0.10']],
  ])('by the sources %s, all of the first that has any', (sources, expected) => {
    expect(address(everywhere, sources)).toEqual(expected);
  });

  test('a source whose addresses cannot be read has none', () => {
    const status = { container_status: { network_infos: networks('no address', '') }, labels: everywhere.labels };
    expect(address(status)).toEqual(['10.3.0.1']);
    expect(address({ container_status: { network_infos: networks('no address') } })).toEqual(['10.0.0.10']);
  });

  test('in the form of Mesos 0.25, where there is no list', () => {
    expect(address({ container_status: { network_infos: [{ ip_address: '10.1.0.9' }] } })).toEqual(['10.1.0.9']);
  });

  test('of the newest status in which it runs', () => {
    const status = (timestamp: number, state: string, one: string) => {
      return { timestamp, state, container_status: { network_infos: networks(one) } };
    };
    const task = withStatuses(
      status(1, 'TASK_RUNNING', '10.1.0.1'),
      status(3, 'TASK_RUNNING', '10.1.0.3'),
      status(2, 'TASK_RUNNING', '10.1.0.2'),
      status(4, 'TASK_STAGING', '10.1.0.4'),
    );
    expect(zone(clusterState([task]))['web.marathon.mesos']).toEqual(['10.1.0.3']);
  });
});

describe('names of a task', () => {
  test('the canonical one ends in the hash and, in lower case, what follows the last dash of the agent’s id', () => {
    const state = clusterState([stateTask('test', 'web', { agent: 'a-b-S12' })]);
    const slaves = [...state.slaves, { id: 'a-b-S12', pid: 'slave(1)@10.0.0.12:5051', hostname: 'x' }];
    expect(zone({ ...state, slaves })).toHaveProperty(['web-iffe9-s12.marathon.mesos'], ['10.0.0.12']);
  });

  test('every port of its resources at its agent, by both protocols', () => {
    const names = zone(clusterState([withStatuses({ state: 'TASK_RUNNING', timestamp: 1 })]));
    const targets = ['31000', '31001', '31005'].map((port) => `web-iffe9-s0.marathon.slave.mesos:${port}`);
    for (const name of [
      '_web._tcp.marathon',
      '_web._udp.marathon',
      '_web._tcp.marathon.slave',
      '_web._udp.marathon.slave',
    ]) {
      expect(names[`${name}.mesos`]).toEqual(targets);
    }
  });

  test('discovery information without a name counts as none', () => {
    const discovery = { visibility: 'CLUSTER', name: '', ports: { ports: [{ number: 80, protocol: 'tcp' }] } };
    const names = zone(clusterState([stateTask('test', 'web', { discovery, ports: '[31000-31000]' })]));
    expect(names['_web._tcp.marathon.mesos']).toEqual(['web-iffe9-s0.marathon.slave.mesos:31000']);
  });

  test('two that share an agent have its address once', () => {
    const names = zone(clusterState([stateTask('one', 'web'), stateTask('two', 'web')]));
    expect(names['web.marathon.slave.mesos']).toEqual(['10.0.0.10']);
    expect(names['_web._tcp.marathon.slave.mesos']).toHaveLength(4);
  });

  test('by RFC 952 where that is asked for', () => {
    const names = zone(clusterState([stateTask('test', '9Lives_Of_A_Cat_With_A_Long_Name')]), { label: rfc952Label });
    expect(names).toHaveProperty(['lives-of-a-cat-with-a-lo.marathon.mesos']);
  });

  test.each(['TASK_STAGING', 'TASK_STARTING', 'TASK_KILLING', 'TASK_FINISHED', 'TASK_LOST', 'task_running'])(
    'none while it is %s',
    (state) => {
      expect(zone(clusterState([stateTask('test', 'web', { state })]))).not.toHaveProperty(['web.marathon.mesos']);
    },
  );
});

describe('names of the cluster', () => {
  test('agents: every address under one name, and their port once', () => {
    const names = zone(clusterState([]));
    expect(names['slave.mesos']).toEqual(['10.0.0.10', '10.0.0.11']);
    expect(names['_slave._tcp.mesos']).toEqual(['slave.mesos:5051']);
  });

  test('agents and schedulers that are known by host names', () => {
    const state = clusterState([stateTask('test', 'web')]);
    const slaves = [{ id: 'F-S0', pid: 'slave(1)@one.example:5051', hostname: 'one' }];
    const frameworks = [{ ...state.frameworks[0], pid: '', hostname: 'two.example' }];
    const hosts = new Map([
      ['one.example', ['10.9.0.1', 'fd00::9']],
      ['two.example', ['10.9.0.2']],
    ]);
    const names = zone({ ...state, slaves, frameworks }, { hosts });
    expect(names['slave.mesos']).toEqual(['10.9.0.1', 'fd00::9']);
    expect(names['web.marathon.slave.mesos']).toEqual(['10.9.0.1', 'fd00::9']);
    expect(names['marathon.mesos']).toEqual(['10.9.0.2']);
    // Without a pid its port is not known.
    expect(names).not.toHaveProperty(['_framework._tcp.marathon.mesos']);
  });

  test('a scheduler by its pid, its dots kept', () => {
    const state = clusterState([stateTask('test', 'web')]);
    const names = zone({ ...state, frameworks: [{ ...state.frameworks[0], name: 'marathon-0.7.5' }] });
    expect(names['marathon-0.7.5.mesos']).toEqual(['10.0.0.2']);
    expect(names['_framework._tcp.marathon-0.7.5.mesos']).toEqual(['marathon-0.7.5.mesos:41000']);
    expect(names).toHaveProperty(['web.marathon-0.7.5.mesos']);
  });

  test('masters by number in the order of the list; a leader that is not in it gets the next', () => {
    const names = zone(clusterState([]));
    expect(names['leader.mesos']).toEqual(['10.0.0.1']);
    expect(names['_leader._tcp.mesos']).toEqual(['leader.mesos:5050']);
    expect(names['_leader._udp.mesos']).toEqual(['leader.mesos:5050']);
    expect(names['master.mesos']).toEqual(['10.0.0.3', '10.0.0.4', '10.0.0.1']);
    expect([0, 1, 2, 3].map((index) => names[`master${String(index)}.mesos`])).toEqual([
      ['10.0.0.3'],
      ['10.0.0.4'],
      ['10.0.0.1'],
      undefined,
    ]);
    expect(names).not.toHaveProperty(['_master._tcp.mesos']);
  });
});

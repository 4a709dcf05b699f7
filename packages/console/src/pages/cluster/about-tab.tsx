/** Who leads and since when, what there is, and the frameworks that share it. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { cores, count, mebibytes } from '../../core/amounts.ts';
import { resourceFacts, taskCounts, type ResourceFacts, type Scalar } from '../../core/cluster-facts.ts';
import { platformInfo, textOf } from '../../core/platform-info.ts';
import { stateWords } from '../../core/event-words.ts';
import { masterQuery, summaryQuery } from '../../data/cluster-queries.ts';
import { clusterMetricsQuery, infoQuery } from '../../data/queries.ts';
import { Columns } from '../../frame/page.tsx';
import { Badge } from '../../parts/badge.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { Frameworks } from './frameworks.tsx';
import { Maintenance } from './maintenance.tsx';
import { Offers } from './offers.tsx';
import { Rebalance } from './rebalance.tsx';
import styles from './about-tab.module.css';

const NAMES: Readonly<Record<Scalar, string>> = { cpus: 'CPU', mem: 'Memory', disk: 'Disk', gpus: 'GPU' };

export function AboutTab() {
  const { data: summary } = useQuery(summaryQuery);
  return (
    <>
      <Columns>
        <Orchestrator />
        <Master />
      </Columns>
      {summary === undefined ? (
        <div className={styles['reading']} aria-busy />
      ) : (
        <>
          <Columns>
            <Resources facts={resourceFacts(summary.slaves)} />
            <TaskCounts />
          </Columns>
          <Frameworks summary={summary} />
          <Columns>
            <Offers slaves={summary.slaves} />
            <Maintenance />
          </Columns>
          <Rebalance />
        </>
      )}
    </>
  );
}

function Orchestrator() {
  const { data: info } = useQuery(infoQuery);
  if (info === undefined) return <Panel title="Orchestrator">{null}</Panel>;
  const { version, build, leader, frameworkId, orchestrator } = platformInfo(info);
  return (
    <Panel title="Orchestrator">
      <Facts
        facts={[
          ['Leader', <bdi key="leader">{leader ?? 'none'}</bdi>],
          ['Speaks as Marathon', `${version} (${build})`],
          [
            'Framework id',
            frameworkId === undefined ? (
              'none yet'
            ) : (
              <span key="framework">
                <code>{frameworkId}</code> <CopyButton text={frameworkId} label="Copy the framework id" />
              </span>
            ),
          ],
          ['Default role', textOf(orchestrator['mesos_role']) ?? 'not said'],
          ['Master', <bdi key="master">{textOf(orchestrator['master']) ?? 'not said'}</bdi>],
        ]}
      />
    </Panel>
  );
}

function Master() {
  const { data: master } = useQuery(masterQuery);
  const { data: metrics = {} } = useQuery(clusterMetricsQuery);
  if (master === undefined) return <Panel title="Master">{null}</Panel>;
  const { master_info: info, start_time: started, elected_time: elected } = master;
  const amount = (name: string): string => count(metrics[`master/${name}`] ?? 0);
  return (
    <Panel title="Master">
      <Facts
        facts={[
          ['Address', <bdi key="address">{`${info.hostname ?? ''}:${String(info.port)}`}</bdi>],
          ['Version', info.version ?? 'not said'],
          ['Started', started === undefined ? 'not said' : <TimeAgo key="started" at={started * 1000} />],
          ['Leads since', elected === undefined ? 'not said' : <TimeAgo key="elected" at={elected * 1000} />],
          [
            'Nodes',
            <Link key="nodes" to="/nodes">
              {amount('slaves_active')} active, {amount('slaves_inactive')} inactive, {amount('slaves_unreachable')}{' '}
              unreachable
            </Link>,
          ],
          ['Id', <code key="id">{info.id}</code>],
        ]}
      />
    </Panel>
  );
}

function Resources({ facts }: { readonly facts: readonly ResourceFacts[] }) {
  return (
    <Panel title="Resources" isFlush>
      <PlainTable
        label="Resources, a table"
        titles={['Resource', 'Total', 'Allocated', 'Offered', 'Idle', 'Reserved']}
        texts={1}
      >
        {facts.map(({ name, total, allocated, offered, idle, reserved }) => {
          const format = name === 'mem' || name === 'disk' ? mebibytes : cores;
          return (
            <tr key={name}>
              <th scope="row">{NAMES[name]}</th>
              {[total, allocated, offered, idle, reserved].map((amount, index) => (
                <td key={index}>{format(amount)}</td>
              ))}
            </tr>
          );
        })}
      </PlainTable>
    </Panel>
  );
}

function TaskCounts() {
  const { data: metrics } = useQuery(clusterMetricsQuery);
  const counts = useMemo(() => taskCounts(metrics ?? {}), [metrics]);
  return (
    <Panel title="Tasks by state" aside="ended ones since this master leads">
      <ul className={styles['counts']}>
        {counts.map(({ state, count: amount }) => {
          const { tone, word } = stateWords(state);
          return (
            <li key={state}>
              <Link to="/cluster" search={{ tab: 'tasks', state: [state] }}>
                <strong>{count(amount)}</strong>
                <Badge tone={amount > 0 ? tone : 'idle'} isBare>
                  {word}
                </Badge>
              </Link>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

/** One framework: who it is, what it holds of the cluster, and its tasks. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { cores, count, mebibytes, percent } from '../../core/amounts.ts';
import { FRAMEWORK_STATES, frameworkRows, resourceFacts, type FrameworkRow } from '../../core/cluster-facts.ts';
import { completedFrameworksQuery, summaryQuery } from '../../data/cluster-queries.ts';
import { Columns, Page } from '../../frame/page.tsx';
import { Badge } from '../../parts/badge.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { Meter } from '../../parts/meter.tsx';
import { NotThere } from '../../parts/not-there.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { TaskList } from './task-list.tsx';
import styles from './framework-page.module.css';

export function FrameworkPage() {
  const { frameworkId } = useParams({ from: '/framework/$frameworkId' });
  const { data: summary, error } = useQuery(summaryQuery);
  const { data: completed } = useQuery(completedFrameworksQuery);
  const framework = useMemo(() => {
    if (summary === undefined) return undefined;
    return frameworkRows(summary, completed ?? []).find(({ id }) => id === frameworkId);
  }, [summary, completed, frameworkId]);
  const own = useMemo(() => [frameworkId], [frameworkId]);
  if (error !== null && summary === undefined) throw error;
  if (summary === undefined || (framework === undefined && completed === undefined)) {
    return <Page title="Framework">{null}</Page>;
  }
  if (framework === undefined) {
    return (
      <Page title="Framework">
        <NotThere
          kind="framework"
          way={
            <Link to="/cluster" className={buttonClass()}>
              All frameworks
            </Link>
          }
        >
          The master has never known it, or has forgotten it.
        </NotThere>
      </Page>
    );
  }
  const { name, state } = framework;
  const { tone, word } = FRAMEWORK_STATES[state];
  const title = name === '' ? frameworkId : name;
  return (
    <Page
      title={title}
      heading={
        <>
          <bdi>{title}</bdi>
          <Badge tone={tone} isBare>
            {word}
          </Badge>
        </>
      }
      subtitle={<code>{frameworkId}</code>}
    >
      <Columns>
        <About framework={framework} />
        <Panel title="Holds" aside={`${percent(framework.share)} of what there is of one resource`}>
          <div className={styles['meters']}>
            {resourceFacts(summary.slaves).map(({ name: kind, total }) => {
              if (kind === 'gpus') return null;
              const format = kind === 'cpus' ? cores : mebibytes;
              return <Meter key={kind} label={NAMES[kind]} used={framework[kind]} total={total} format={format} />;
            })}
          </div>
        </Panel>
      </Columns>
      <TaskList framework={own} />
    </Page>
  );
}

const NAMES = { cpus: 'CPU', mem: 'Memory', disk: 'Disk' } as const;

function About({ framework }: { readonly framework: FrameworkRow }) {
  const { state, user, host, principal, roles, tasks, at } = framework;
  return (
    <Panel title="About">
      <Facts
        facts={[
          ['Roles', <bdi key="roles">{roles.join(', ')}</bdi>],
          ['User', <bdi key="user">{user === '' ? 'not said' : user}</bdi>],
          ['Principal', <bdi key="principal">{principal ?? 'none'}</bdi>],
          ['Host', <bdi key="host">{host === '' ? 'not said' : host}</bdi>],
          [state === 'completed' ? 'Left' : 'Came', at === undefined ? 'not said' : <TimeAgo key="at" at={at} />],
          ['Tasks that are not over', count(tasks)],
        ]}
      />
    </Panel>
  );
}

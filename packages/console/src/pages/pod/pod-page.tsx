/** One pod: how it is, its instances with their containers, its versions, what happened to it. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Blocks } from 'lucide-react';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { PodButtons } from '../../actions/pod-actions.tsx';
import { counted } from '../../core/amounts.ts';
import { podQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { Badge } from '../../parts/badge.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { LabelChips } from '../../parts/label-chips.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { AppHistory } from '../../parts/app-history.tsx';
import { NotThere } from '../../parts/not-there.tsx';
import { PodConfiguration } from './pod-configuration.tsx';
import { PodInstances } from './pod-instances.tsx';
import { PodLogs } from './pod-logs.tsx';
import { PodVolumes } from './pod-volumes.tsx';

const STATUS = {
  STABLE: { tone: 'good', word: 'Stable' },
  DEGRADED: { tone: 'bad', word: 'Degraded' },
  TERMINAL: { tone: 'idle', word: 'Being destroyed' },
} as const;

export function PodPage() {
  const { _splat: path = '' } = useParams({ from: '/pod/$' });
  const id = `/${path}`;
  const { data: pod, error } = useQuery(podQuery(id));
  if (error !== null && pod === undefined) throw error;
  if (pod === undefined) return <Page title={id}>{null}</Page>;
  if (pod === null) return <Gone id={id} />;
  const { tone, word } = STATUS[pod.status];
  return (
    <Page
      title={id}
      heading={
        <>
          <bdi>{id}</bdi>
          <Badge tone={tone} icon={Blocks}>
            {`Pod: ${word}`}
          </Badge>
        </>
      }
      subtitle={<LabelChips labels={pod.spec.labels ?? {}} shown={6} />}
      actions={<PodButtons id={id} instances={pod.spec.scaling.instances} />}
    >
      <PodState pod={pod} />
      <PodTabs pod={pod} />
    </Page>
  );
}

function PodState({ pod }: { readonly pod: PodStatus }) {
  const { spec, instances, statusSince } = pod;
  const stable = instances.filter(({ status }) => status === 'STABLE').length;
  return (
    <Panel>
      <Facts
        facts={[
          ['Instances', `${String(stable)} of ${String(spec.scaling.instances)} stable`],
          ['Containers in each', counted(spec.containers.length, 'container')],
          ['Since', <TimeAgo key="since" at={statusSince} />],
          ['Version', <TimeAgo key="version" at={spec.version} />],
          ['Role', spec.role],
        ]}
      />
    </Panel>
  );
}

function PodTabs({ pod }: { readonly pod: PodStatus }) {
  const { tab = 'instances' } = useSearch({ from: '/pod/$' });
  const keepsVolumes = pod.spec.volumes?.some(({ persistent }) => persistent !== undefined) === true;
  return (
    <>
      <Tabs
        label="About this pod"
        chosen={tab}
        tabs={[
          { id: 'instances', label: 'Instances', count: pod.instances.length },
          { id: 'logs', label: 'Logs' },
          ...(keepsVolumes ? [{ id: 'volumes', label: 'Volumes' }] : []),
          { id: 'configuration', label: 'Configuration' },
          { id: 'events', label: 'Events' },
        ]}
      />
      {tab === 'instances' && <PodInstances pod={pod} />}
      {tab === 'logs' && <PodLogs key={pod.id} pod={pod} />}
      {tab === 'volumes' && <PodVolumes pod={pod} />}
      {tab === 'configuration' && <PodConfiguration pod={pod} />}
      {tab === 'events' && <AppHistory id={pod.id} />}
    </>
  );
}

function Gone({ id }: { readonly id: string }) {
  return (
    <Page title={id} heading={<bdi>{id}</bdi>}>
      <NotThere
        kind="pod"
        way={
          <Link to="/apps" className={buttonClass()}>
            All apps and pods
          </Link>
        }
      >
        It may have been destroyed, or was never created.
      </NotThere>
    </Page>
  );
}

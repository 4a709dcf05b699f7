/** The configuration of the platform as its API tells it, under the names that Marathon gives. */
import { useQuery } from '@tanstack/react-query';
import { platformInfo } from '../../core/platform-info.ts';
import { infoQuery } from '../../data/queries.ts';
import { FieldList } from '../../parts/field-list.tsx';
import { Panel } from '../../parts/panel.tsx';

export function ConfigurationTab() {
  const { data: info } = useQuery(infoQuery);
  if (info === undefined) return <div aria-busy />;
  const { orchestrator, zookeeper, http } = platformInfo(info);
  return (
    <>
      <Panel title="Orchestrator">
        <FieldList fields={Object.entries(orchestrator)} />
      </Panel>
      <Panel title="ZooKeeper">
        <FieldList fields={Object.entries(zookeeper)} />
      </Panel>
      <Panel title="HTTP">
        <FieldList fields={Object.entries(http)} />
      </Panel>
    </>
  );
}

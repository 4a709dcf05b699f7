/** The logs of all instances of an app in one stream, those of ended ones too, while they are known. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { counted } from '../../core/amounts.ts';
import { plainLine } from '../../core/ansi.ts';
import { sandboxPath } from '../../core/sandbox-path.ts';
import { isTaskOf, taskName } from '../../core/task-row.ts';
import type { LogSource, MergedLine } from '../../core/merged-log.ts';
import { recentTasksQuery } from '../../data/cluster-queries.ts';
import { FollowToggle, LineList, LineTools, useLineList } from '../../files/line-list.tsx';
import { LogLine } from '../../files/log-line.tsx';
import { useMergedLog } from '../../files/use-merged-log.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Select } from '../../parts/select.tsx';
import styles from './logs-tab.module.css';

/** Instances whose logs are read, the latest first. */
const SOURCES_MAX = 20;

export function LogsTab({ app }: { readonly app: AppInfo }) {
  const [file, setFile] = useState<'stdout' | 'stderr'>('stdout');
  const [words, setWords] = useState('');
  const [follows, setFollows] = useState(true);
  const sources = useSources(app.id, file);
  const { lines } = useMergedLog(sources);
  const shown = useMemo(() => {
    const low = words.toLowerCase();
    return low === '' ? lines : lines.filter(({ text }) => plainLine(text).toLowerCase().includes(low));
  }, [lines, words]);
  const list = useLineList(shown.length, follows, shown.at(-1)?.number);
  return (
    <Panel isFlush>
      <LineTools>
        <SearchField label="Only lines with" value={words} onChange={setWords} />
        <Select
          label="File"
          isLabelHidden
          value={file}
          options={[
            { id: 'stdout', label: 'stdout' },
            { id: 'stderr', label: 'stderr' },
          ]}
          onChange={setFile}
        />
        <FollowToggle follows={follows} onChange={setFollows} />
        <span className={styles['count']}>
          {counted(shown.length, 'line')} of {counted(sources.length, 'instance')}
        </span>
      </LineTools>
      {shown.length === 0 ? (
        <EmptyState icon={ScrollText} title="No lines">
          {words === '' ? 'No instance has written anything yet.' : 'None of the lines that were read matches.'}
        </EmptyState>
      ) : (
        <LineList
          list={list}
          label="Merged log"
          height="34rem"
          wraps
          keyOf={(index) => shown[index]?.number ?? index}
          line={(index) => {
            const line = shown[index];
            return line === undefined ? null : <Entry line={line} words={words} />;
          }}
          onLookBack={() => {
            setFollows(false);
          }}
        />
      )}
    </Panel>
  );
}

function useSources(appId: string, file: string): readonly LogSource[] {
  const { data } = useQuery(recentTasksQuery);
  const key = JSON.stringify(
    (data ?? [])
      .filter(({ id }) => isTaskOf(id, appId))
      .slice(0, SOURCES_MAX)
      .map((task) => ({ taskId: task.id, agentId: task.slave_id, path: `${sandboxPath(task)}/${file}` })),
  );
  // The list is made anew with every answer: only a different one starts reading again.
  return useMemo(() => JSON.parse(key) as readonly LogSource[], [key]);
}

function Entry({ line, words }: { readonly line: MergedLine; readonly words: string }) {
  return (
    <div className={styles['entry']}>
      <Link to="/instance/$taskId" params={{ taskId: line.taskId }} preload={false}>
        {taskName(line.taskId)}
      </Link>
      <LogLine line={line.text} words={words} />
    </div>
  );
}

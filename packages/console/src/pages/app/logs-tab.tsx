/** The logs of all instances of an app in one stream, those of ended ones too, while they are known. */
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ScrollText } from 'lucide-react';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { counted } from '../../core/amounts.ts';
import { plainLine } from '../../core/ansi.ts';
import { sandboxPath } from '../../core/sandbox-path.ts';
import { isTaskOf, taskName } from '../../core/task-row.ts';
import type { LogSource } from '../../core/merged-log.ts';
import { recentTasksQuery } from '../../data/cluster-queries.ts';
import { LogLine } from '../../files/log-line.tsx';
import { useMergedLog } from '../../files/use-merged-log.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Select } from '../../parts/select.tsx';
import styles from './logs-tab.module.css';

const LINE_HEIGHT = 19;
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
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 30,
  });
  const last = shown.at(-1)?.number;
  useLayoutEffect(() => {
    if (follows && shown.length > 0) virtualizer.scrollToIndex(shown.length - 1, { align: 'end' });
  }, [follows, last, shown.length, virtualizer]);
  return (
    <Panel isFlush>
      <div className={styles['tools']}>
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
        <label className={styles['toggle']}>
          <input
            type="checkbox"
            checked={follows}
            onChange={(event) => {
              setFollows(event.target.checked);
            }}
          />
          Follow
        </label>
        <span className={styles['count']}>
          {counted(shown.length, 'line')} of {counted(sources.length, 'instance')}
        </span>
      </div>
      {shown.length === 0 ? (
        <EmptyState icon={ScrollText} title="No lines">
          {words === '' ? 'No instance has written anything yet.' : 'None of the lines that were read matches.'}
        </EmptyState>
      ) : (
        <div
          ref={scroller}
          className={styles['scroller']}
          role="log"
          aria-live="off"
          aria-label="Merged log"
          tabIndex={0}
          onWheel={(event) => {
            if (event.deltaY < 0) setFollows(false);
          }}
        >
          <div className={styles['lines']} style={{ height: virtualizer.getTotalSize() }}>
            {virtualizer.getVirtualItems().map(({ index, start }) => {
              const line = shown[index];
              if (line === undefined) return null;
              return (
                <div
                  key={line.number}
                  ref={virtualizer.measureElement}
                  data-index={index}
                  className={styles['line']}
                  style={{ transform: `translateY(${String(start)}px)` }}
                >
                  <Link to="/instance/$taskId" params={{ taskId: line.taskId }} preload={false}>
                    {taskName(line.taskId)}
                  </Link>
                  <LogLine line={line.text} words={words} />
                </div>
              );
            })}
          </div>
        </div>
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

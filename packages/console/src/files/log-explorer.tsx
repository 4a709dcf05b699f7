/** The logs of many tasks as one: searched, narrowed down, followed, downloaded. Ended tasks too, while they are known. */
import { useDeferredValue, useMemo, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import { counted } from '../core/amounts.ts';
import { plainLine } from '../core/ansi.ts';
import { wantedSources } from '../core/log-sources.ts';
import { shownLines, type ShownLine } from '../core/log-view.ts';
import { momentOf, type LogsSearch } from '../core/logs-search.ts';
import { SOURCES_MAX, type LogSource } from '../core/merged-log.ts';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Panel } from '../parts/panel.tsx';
import { LineList, useLineList } from './line-list.tsx';
import { LogFilters } from './log-filters.tsx';
import { LogLine } from './log-line.tsx';
import { saveText } from './save-text.ts';
import { useLineSearch, type LineSearch } from './use-line-search.ts';
import { useMergedLog, type MergedLogs } from './use-merged-log.ts';
import styles from './log-explorer.module.css';

interface LogExplorerProps {
  /** Everybody whose logs are known, the latest first; undefined until that is known. */
  readonly sources: readonly LogSource[] | undefined;
  readonly search: LogsSearch;
  readonly onSearch: (change: LogsSearch) => void;
  /** Of what is downloaded. */
  readonly name: string;
}

const NOBODY: readonly LogSource[] = [];

export function LogExplorer({ sources = NOBODY, search, onSearch, name }: LogExplorerProps) {
  const [wantsToFollow, setFollows] = useState(true);
  const { file = 'stdout', q = '', context = '0' } = search;
  // Whoever looks at the past is not taken to the present.
  const follows = wantsToFollow && search.until === undefined;
  const wanted = useMemo(() => wantedSources(sources, search), [sources, search]);
  const read = useSame(
    useMemo(
      () => wanted.slice(0, SOURCES_MAX).map((source) => ({ ...source, path: `${source.path}/${file}` })),
      [wanted, file],
    ),
  );
  const names = useMemo(() => new Map(read.map((source) => [source.taskId, source.name])), [read]);
  const logs = useMergedLog(read);
  const found = useLineSearch(logs.lines, q, search.regex === 'yes');
  const { isFound } = found;
  const since = momentOf(search.since);
  const until = momentOf(search.until);
  const rows = useDeferredValue(
    useMemo(
      () => shownLines(logs.lines, { since, until, isFound, context: Number(context) }),
      [logs.lines, since, until, isFound, context],
    ),
  );
  const list = useLineList(rows.length, follows, rows.at(-1)?.line.key);
  return (
    <Panel isFlush>
      <LogFilters
        sources={sources}
        search={search}
        onSearch={onSearch}
        follows={follows}
        onFollow={setFollows}
        onDownload={() => {
          saveText(`${name}.log`, downloaded(rows, names));
        }}
      />
      <Status logs={logs} found={found} rows={rows} read={read} wanted={wanted.length} />
      {rows.length === 0 ? (
        <Nothing isRead={logs.isRead && !found.isBusy} isNarrowed={logs.lines.length > 0} />
      ) : (
        <LineList
          list={list}
          label="Merged log"
          height="34rem"
          wraps
          keyOf={(index) => rows[index]?.line.key ?? String(index)}
          line={(index) => {
            const row = rows[index];
            return row && <Entry row={row} name={names.get(row.line.taskId) ?? ''} found={found} />;
          }}
          onLookBack={() => {
            setFollows(false);
          }}
        />
      )}
    </Panel>
  );
}

/** The list of before, while a new one says the same: a different one starts reading again. */
function useSame(sources: readonly LogSource[]): readonly LogSource[] {
  const key = JSON.stringify(sources);
  return useMemo(() => JSON.parse(key) as readonly LogSource[], [key]);
}

function Entry({
  row: { line, isContext, isAfterGap },
  name,
  found,
}: {
  readonly row: ShownLine;
  readonly name: string;
  readonly found: LineSearch;
}) {
  return (
    <div
      className={styles['entry']}
      data-context={isContext || undefined}
      data-gap={isAfterGap || undefined}
      title={line.at === undefined ? undefined : new Date(line.at).toISOString()}
    >
      <Link to="/instance/$taskId" params={{ taskId: line.taskId }} preload={false}>
        <bdi>{name}</bdi>
      </Link>
      <LogLine line={line.text} matcher={isContext ? undefined : found.matcher} />
    </div>
  );
}

function Status({
  logs,
  found,
  rows,
  read,
  wanted,
}: {
  readonly logs: MergedLogs;
  readonly found: LineSearch;
  readonly rows: readonly ShownLine[];
  readonly read: readonly LogSource[];
  readonly wanted: number;
}) {
  const matches = rows.filter(({ isContext }) => !isContext).length;
  const [problem] = logs.problems.values();
  const noun = read.some(({ container }) => container !== undefined) ? 'container' : 'instance';
  const of =
    wanted > read.length ? `the latest ${String(read.length)} of ${counted(wanted, noun)}` : counted(read.length, noun);
  return (
    <div className={styles['status']}>
      <span>
        {counted(matches, 'line')} of {of}
      </span>
      {found.isBusy && <span>Searching …</span>}
      {found.problem !== undefined && (
        <span role="alert" className={styles['problem']}>
          <bdi>{found.problem}</bdi>
        </span>
      )}
      {problem !== undefined && (
        <span className={styles['problem']}>
          {counted(logs.problems.size, 'log')} cannot be read: <bdi>{problem}</bdi>
        </span>
      )}
      {logs.withEarlier > 0 && (
        <Button kind="quiet" disabled={logs.isReadingBack} onClick={logs.readBack}>
          {logs.isReadingBack ? 'Reading …' : `Read further back in ${counted(logs.withEarlier, 'log')}`}
        </Button>
      )}
    </div>
  );
}

function Nothing({ isRead, isNarrowed }: { readonly isRead: boolean; readonly isNarrowed: boolean }) {
  if (!isRead) return <div className={styles['reading']} aria-busy />;
  return (
    <EmptyState icon={ScrollText} title="No lines">
      {isNarrowed
        ? 'None of the lines that were read matches.'
        : 'Nobody has written anything, or nobody who did is known any more.'}
    </EmptyState>
  );
}

/** As it is shown, without colours. */
function downloaded(rows: readonly ShownLine[], names: ReadonlyMap<string, string>): string {
  const line = ({ line: { taskId, text }, isAfterGap }: ShownLine): string =>
    `${isAfterGap ? '--\n' : ''}${names.get(taskId) ?? taskId}  ${plainLine(text)}\n`;
  return rows.map(line).join('');
}

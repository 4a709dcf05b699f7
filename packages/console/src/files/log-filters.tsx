/** Which logs are looked at, and what is looked for in them. All of it lives in the URL. */
import { Download, Regex } from 'lucide-react';
import { moment } from '../core/moments.ts';
import { CONTEXTS, LOG_FILES, type LogsSearch } from '../core/logs-search.ts';
import type { LogSource } from '../core/merged-log.ts';
import { IconButton } from '../parts/button.tsx';
import { FilterMenu } from '../parts/filter-menu.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Select } from '../parts/select.tsx';
import { FollowToggle, LineTools } from './line-list.tsx';
import { TimeFilter } from './time-filter.tsx';
import styles from './log-explorer.module.css';

interface LogFiltersProps {
  readonly sources: readonly LogSource[];
  readonly search: LogsSearch;
  readonly onSearch: (change: LogsSearch) => void;
  readonly follows: boolean;
  readonly onFollow: (follows: boolean) => void;
  readonly onDownload: () => void;
}

export function LogFilters({ sources, search, onSearch, follows, onFollow, onDownload }: LogFiltersProps) {
  const isPattern = search.regex === 'yes';
  const versions = unique(sources.map(({ version }) => version));
  const containers = unique(sources.map(({ container }) => container));
  return (
    <LineTools>
      <SearchField
        label={isPattern ? 'Only lines that match' : 'Only lines with'}
        value={search.q ?? ''}
        onChange={(q) => {
          onSearch({ q: q === '' ? undefined : q });
        }}
      />
      <IconButton
        label="As a regular expression"
        aria-pressed={isPattern}
        onClick={() => {
          onSearch({ regex: isPattern ? undefined : 'yes' });
        }}
      >
        <Regex size={16} />
      </IconButton>
      <Select
        label="Lines around each"
        isLabelHidden
        value={search.context ?? '0'}
        options={CONTEXTS.map((id) => ({ id, label: id === '0' ? 'No lines around' : `${id} lines around` }))}
        onChange={(context) => {
          onSearch({ context: context === '0' ? undefined : context });
        }}
      />
      <FilterMenu
        label="Instance"
        options={sources.map(({ taskId, name, endedAt }) => ({
          id: taskId,
          label: endedAt === undefined ? name : `${name}, ended ${moment(endedAt)}`,
        }))}
        chosen={search.instance ?? []}
        isSearchable={sources.length > 8}
        onChange={(instance) => {
          onSearch({ instance: listed(instance) });
        }}
      />
      {versions.length > 1 && (
        <FilterMenu
          label="Version"
          options={versions.map((id) => ({ id, label: moment(Date.parse(id)) }))}
          chosen={search.version ?? []}
          onChange={(version) => {
            onSearch({ version: listed(version) });
          }}
        />
      )}
      {containers.length > 1 && (
        <FilterMenu
          label="Container"
          options={containers.map((id) => ({ id, label: id }))}
          chosen={search.container ?? []}
          onChange={(container) => {
            onSearch({ container: listed(container) });
          }}
        />
      )}
      <TimeFilter since={search.since} until={search.until} onChange={onSearch} />
      <Select
        label="File"
        isLabelHidden
        value={search.file ?? 'stdout'}
        options={LOG_FILES.map((id) => ({ id, label: id }))}
        onChange={(file) => {
          onSearch({ file: file === 'stdout' ? undefined : file });
        }}
      />
      <span className={styles['space']} />
      <FollowToggle follows={follows} onChange={onFollow} />
      <IconButton label="Download what is shown" onClick={onDownload}>
        <Download size={16} />
      </IconButton>
    </LineTools>
  );
}

function listed(chosen: readonly string[]): string[] | undefined {
  return chosen.length === 0 ? undefined : [...chosen];
}

function unique(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))].sort().reverse();
}

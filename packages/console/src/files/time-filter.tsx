/** Chooses a stretch of time, in the viewer's own. */
import { ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { clockTime, moment } from '../core/moments.ts';
import { fieldText, momentOf, timestampOf, type LogsSearch } from '../core/logs-search.ts';
import { time } from '../data/browser-time.ts';
import { Button, buttonClass } from '../parts/button.tsx';
import styles from './time-filter.module.css';

type Stretch = Pick<LogsSearch, 'since' | 'until'>;

const LAST: readonly (readonly [string, number])[] = [
  ['Last 5 min', 5 * 60_000],
  ['Last hour', 60 * 60_000],
  ['Last day', 24 * 60 * 60_000],
];

export function TimeFilter({
  since,
  until,
  onChange,
}: Stretch & { readonly onChange: (stretch: { [Name in keyof Stretch]-?: string | undefined }) => void }) {
  return (
    <Popover.Root>
      <Popover.Trigger
        className={`${buttonClass()} ${styles['trigger'] ?? ''}`}
        data-chosen={(since ?? until) !== undefined || undefined}
      >
        {words({ since, until })}
        <ChevronDown size={14} aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles['content']}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label="Time"
        >
          <TimeField
            label="From"
            value={since}
            onChange={(from) => {
              onChange({ since: from, until });
            }}
          />
          <TimeField
            label="To"
            value={until}
            onChange={(to) => {
              onChange({ since, until: to });
            }}
          />
          <div className={styles['last']}>
            {LAST.map(([label, span]) => (
              <Button
                key={label}
                onClick={() => {
                  onChange({ since: new Date(time.now() - span).toISOString(), until: undefined });
                }}
              >
                {label}
              </Button>
            ))}
            <Button
              kind="quiet"
              onClick={() => {
                onChange({ since: undefined, until: undefined });
              }}
            >
              Any time
            </Button>
          </div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function TimeField({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (timestamp: string | undefined) => void;
}) {
  return (
    <label className={styles['field']}>
      {label}
      <input
        type="datetime-local"
        step={1}
        value={fieldText(value)}
        onChange={(event) => {
          onChange(timestampOf(event.target.value));
        }}
      />
    </label>
  );
}

function words({ since, until }: Stretch): string {
  const [from, to] = [momentOf(since), momentOf(until)];
  if (from === undefined) return to === undefined ? 'Time' : `until ${moment(to)}`;
  if (to === undefined) return `since ${moment(from)}`;
  const isOneDay = moment(from).slice(0, 10) === moment(to).slice(0, 10);
  return `${moment(from)} to ${isOneDay ? clockTime(to) : moment(to)}`;
}

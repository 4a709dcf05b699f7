/** A state in a word, with a shape of its own: colour alone tells nothing. */
import type { LucideIcon } from 'lucide-react';
import type { AppHealth, AppStatus } from '../core/app-state.ts';
import { RowIcon, type RowIconName } from './row-icon.tsx';
import styles from './badge.module.css';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'idle';

/** A word with an icon in a tone. */
export function Badge({
  tone,
  icon: Icon,
  children,
  isMoving = false,
  isBare = false,
}: {
  readonly tone: Tone;
  readonly icon?: LucideIcon | RowIconName;
  readonly children: string;
  readonly isMoving?: boolean;
  /** Without a ground, for dense tables. */
  readonly isBare?: boolean;
}) {
  const moving = isMoving ? styles['moving'] : undefined;
  return (
    <span className={styles['badge']} data-tone={tone} data-bare={isBare || undefined}>
      {typeof Icon === 'string' ? (
        <RowIcon name={Icon} size={13} className={moving} />
      ) : (
        Icon !== undefined && <Icon size={13} aria-hidden className={moving} />
      )}
      {children}
    </span>
  );
}

const STATUS: Readonly<Record<AppStatus, { readonly tone: Tone; readonly icon: RowIconName; readonly word: string }>> =
  {
    running: { tone: 'good', icon: 'check', word: 'Running' },
    deploying: { tone: 'busy', icon: 'loader', word: 'Deploying' },
    waiting: { tone: 'warn', icon: 'hourglass', word: 'Waiting' },
    delayed: { tone: 'warn', icon: 'clock', word: 'Delayed' },
    suspended: { tone: 'idle', icon: 'pause', word: 'Suspended' },
  };

/** The status of an app. */
export function StatusBadge({ status, isBare = false }: { readonly status: AppStatus; readonly isBare?: boolean }) {
  const { tone, icon, word } = STATUS[status];
  return (
    <Badge tone={tone} icon={icon} isMoving={status === 'deploying'} isBare={isBare}>
      {word}
    </Badge>
  );
}

const HEALTH: Readonly<Record<AppHealth, { readonly tone: Tone; readonly icon: RowIconName; readonly word: string }>> =
  {
    healthy: { tone: 'good', icon: 'check', word: 'Healthy' },
    unhealthy: { tone: 'bad', icon: 'alert', word: 'Unhealthy' },
    unknown: { tone: 'idle', icon: 'help', word: 'Unknown' },
    none: { tone: 'idle', icon: 'dashed', word: 'Not checked' },
  };

/** The health of an app or instance. */
export function HealthBadge({ health, isBare = false }: { readonly health: AppHealth; readonly isBare?: boolean }) {
  const { tone, icon, word } = HEALTH[health];
  return (
    <Badge tone={tone} icon={icon} isBare={isBare}>
      {word}
    </Badge>
  );
}

/** A state in a word, with a shape of its own: colour alone tells nothing. */
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  Clock,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
} from 'lucide-react';
import type { AppHealth, AppStatus } from '../core/app-state.ts';
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
  readonly icon?: LucideIcon;
  readonly children: string;
  readonly isMoving?: boolean;
  /** Without a ground, for dense tables. */
  readonly isBare?: boolean;
}) {
  return (
    <span className={styles['badge']} data-tone={tone} data-bare={isBare || undefined}>
      {Icon !== undefined && <Icon size={13} aria-hidden className={isMoving ? styles['moving'] : undefined} />}
      {children}
    </span>
  );
}

const STATUS: Readonly<Record<AppStatus, { readonly tone: Tone; readonly icon: LucideIcon; readonly word: string }>> = {
  running: { tone: 'good', icon: CircleCheck, word: 'Running' },
  deploying: { tone: 'busy', icon: LoaderCircle, word: 'Deploying' },
  waiting: { tone: 'warn', icon: Hourglass, word: 'Waiting' },
  delayed: { tone: 'warn', icon: Clock, word: 'Delayed' },
  suspended: { tone: 'idle', icon: CirclePause, word: 'Suspended' },
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

const HEALTH: Readonly<Record<AppHealth, { readonly tone: Tone; readonly icon: LucideIcon; readonly word: string }>> = {
  healthy: { tone: 'good', icon: CircleCheck, word: 'Healthy' },
  unhealthy: { tone: 'bad', icon: CircleAlert, word: 'Unhealthy' },
  unknown: { tone: 'idle', icon: CircleHelp, word: 'Unknown' },
  none: { tone: 'idle', icon: CircleDashed, word: 'Not checked' },
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

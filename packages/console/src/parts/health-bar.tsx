/** The instances of an app by what is known of them, in one bar. */
import { useState, type ComponentProps } from 'react';
import { HoverCard } from 'radix-ui';
import type { HealthSegments } from '../core/app-state.ts';
import styles from './health-bar.module.css';

const SEGMENTS: readonly (readonly [keyof HealthSegments, string])[] = [
  ['healthy', 'healthy'],
  ['unhealthy', 'unhealthy'],
  ['unknown', 'of unknown health'],
  ['staged', 'starting'],
  ['over', 'over capacity'],
  ['unscheduled', 'not placed yet'],
];

function describe(segments: HealthSegments): string {
  const words = SEGMENTS.filter(([name]) => segments[name] > 0).map(
    ([name, word]) => `${String(segments[name])} ${word}`,
  );
  return words.length === 0 ? 'no instances' : words.join(', ');
}

interface HealthBarProps {
  readonly segments: HealthSegments;
  readonly isTall?: boolean;
}

/** The bar; pointed at, it says the counts. What says them is made when the bar is first pointed at: lists have many. */
export function HealthBar({ segments, isTall = false }: HealthBarProps) {
  const [isPointedAt, setIsPointedAt] = useState(false);
  if (!isPointedAt) {
    return (
      <Bar
        segments={segments}
        isTall={isTall}
        onPointerEnter={() => {
          setIsPointedAt(true);
        }}
      />
    );
  }
  return (
    <HoverCard.Root openDelay={250} closeDelay={80}>
      <HoverCard.Trigger asChild>
        <Bar segments={segments} isTall={isTall} />
      </HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content className={styles['card']} sideOffset={6} collisionPadding={8}>
          <HealthLegend segments={segments} />
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
  );
}

function Bar({ segments, isTall = false, ...rest }: HealthBarProps & ComponentProps<'span'>) {
  return (
    <span
      className={styles['bar']}
      data-tall={isTall || undefined}
      role="img"
      aria-label={describe(segments)}
      {...rest}
    >
      {SEGMENTS.map(([name]) =>
        segments[name] === 0 ? null : (
          <span key={name} className={styles['segment']} data-segment={name} style={{ flexGrow: segments[name] }} />
        ),
      )}
    </span>
  );
}

/** The counts behind a bar, one line each. */
export function HealthLegend({ segments }: { readonly segments: HealthSegments }) {
  return (
    <ul className={styles['legend']}>
      {SEGMENTS.map(([name, word]) => (
        <li key={name} data-none={segments[name] === 0 || undefined}>
          <span className={styles['key']} data-segment={name} />
          <span>{word}</span>
          <span className={styles['count']}>{segments[name]}</span>
        </li>
      ))}
    </ul>
  );
}

/** The instances of an app by what is known of them, in one bar. */
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

/** The bar; pointed at, it says the counts. */
export function HealthBar({
  segments,
  isTall = false,
}: {
  readonly segments: HealthSegments;
  readonly isTall?: boolean;
}) {
  return (
    <HoverCard.Root openDelay={250} closeDelay={80}>
      <HoverCard.Trigger asChild>
        <span className={styles['bar']} data-tall={isTall || undefined} role="img" aria-label={describe(segments)}>
          {SEGMENTS.map(([name]) =>
            segments[name] === 0 ? null : (
              <span key={name} className={styles['segment']} data-segment={name} style={{ flexGrow: segments[name] }} />
            ),
          )}
        </span>
      </HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content className={styles['card']} sideOffset={6} collisionPadding={8}>
          <HealthLegend segments={segments} />
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
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

/** Charts with their numbers in words above them, below or beside each other. */
import type { ComponentProps, ReactNode } from 'react';
import { LazyChart } from './lazy-chart.tsx';
import styles from './chart-figures.module.css';

/** @param isCompact beside each other where there is room */
export function ChartFigures({
  isCompact = false,
  children,
}: {
  readonly isCompact?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles['charts']} data-compact={isCompact || undefined}>
      {children}
    </div>
  );
}

/** A chart that says in words what it shows at its end. */
export function ChartFigure({
  caption,
  ...chart
}: ComponentProps<typeof LazyChart> & {
  readonly caption: ReactNode;
}) {
  return (
    <figure>
      <figcaption>{caption}</figcaption>
      <LazyChart {...chart} />
    </figure>
  );
}

/** In the place of charts while there is too little to draw: a line needs two points, and the first tells nothing of CPU. */
export function ChartsSoon() {
  return <p className={styles['soon']}>Measured each two seconds; drawn as soon as there are three points.</p>;
}

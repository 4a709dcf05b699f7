/** The chart, read when one is first shown. */
import { Suspense, lazy, type ComponentProps } from 'react';
import { loadPart } from '../data/load-part.ts';

const TimeChart = lazy(async () => ({ default: (await loadPart(() => import('./time-chart.tsx'))).TimeChart }));

export function LazyChart(props: ComponentProps<typeof TimeChart>) {
  return (
    <Suspense fallback={<div style={{ height: props.height ?? 120 }} />}>
      <TimeChart {...props} />
    </Suspense>
  );
}

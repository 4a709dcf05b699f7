/** A quiet chart of numbers over time, with the numbers under the pointer. */
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clockTime } from '../core/moments.ts';
import styles from './time-chart.module.css';

/** One line of the chart. */
export interface Series {
  readonly label: string;
  /** A CSS variable of the design. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  readonly isFilled?: boolean;
}

/** @param times milliseconds since the epoch @param max the upper end of the scale; by the values when absent */
export function TimeChart({
  label,
  times,
  series,
  format,
  max,
  height = 120,
}: {
  readonly label: string;
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly max?: number;
  readonly height?: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | undefined>(undefined);
  const shape = JSON.stringify([series.map(({ label: name, color }) => [name, color]), max, height]);
  const latest = useRef({ series, format, max });
  useEffect(() => {
    latest.current = { series, format, max };
  });

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new UPlot(
      optionsOf(element, latest.current, height),
      [[0], ...latest.current.series.map(() => [0])],
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [shape, height]);

  useEffect(() => {
    chart.current?.setData([times.map((at) => at / 1000), ...series.map(({ values }) => [...values])]);
  }, [times, series, shape]);

  return <div ref={place} className={styles['chart']} role="img" aria-label={label} style={{ height }} />;
}

interface Drawn {
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly max: number | undefined;
}

function optionsOf(element: HTMLElement, drawn: Drawn, height: number): UPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--ink-faint'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    legend: { show: false },
    scales: { x: { time: true }, y: { range: (_chart, _min, top) => [0, drawn.max ?? Math.max(top * 1.1, 0.001)] } },
    axes: [
      {
        ...axis,
        size: 24,
        space: 72,
        grid: { show: false },
        values: (_chart, ticks) => ticks.map((at) => clockTime(at * 1000).slice(0, step(ticks) < 60 ? 8 : 5)),
      },
      { ...axis, size: 56, values: (_chart, ticks) => ticks.map((value) => drawn.format(value)) },
    ],
    series: [
      {},
      ...drawn.series.map((one) => ({
        label: one.label,
        stroke: color(one.color),
        width: 1.5,
        points: { show: false },
        ...(one.isFilled === true ? { fill: `color-mix(in srgb, ${color(one.color)} 16%, transparent)` } : {}),
      })),
    ],
  };
}

/** Seconds between two ticks. */
function step([first = 0, second = first]: readonly number[]): number {
  return second - first;
}

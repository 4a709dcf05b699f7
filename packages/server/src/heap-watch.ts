/** Warns before a leader's heap is full: V8 ends a process whose heap is, and the next leader would end in the same way. */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock, Logger, TimerHandle } from '@stadion/base';

/** Of what may be used, what is left over by a collection of the whole heap. Marking takes time, and memory goes on growing. */
const FULL_SHARE = 0.7;

/** Between two warnings, milliseconds. */
const AGAIN_MS = 600_000;

const MEBIBYTE = 1_048_576;

/**
 * Looks after each collection of the whole heap, until cancelled: before one, most of what is used may be garbage.
 * @param fullShare from which on it warns, of 1
 */
export function watchHeap(log: Logger, clock: Clock, fullShare = FULL_SHARE): TimerHandle {
  let warnedAt = -Infinity;
  const observer = new PerformanceObserver((list) => {
    if (!list.getEntries().some((entry) => isOfWholeHeap(entry))) return;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    if (used < limit * fullShare || clock.monotonic() - warnedAt < AGAIN_MS) return;
    warnedAt = clock.monotonic();
    log.warn(
      { usedMiB: Math.round(used / MEBIBYTE), limitMiB: Math.round(limit / MEBIBYTE) },
      'The memory of this process is nearly used up: start every server with more, as NODE_OPTIONS=--max-old-space-size=8000 (in MiB)',
    );
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    cancel: () => {
      observer.disconnect();
    },
  };
}

/** The types of Node lack `detail` of what its own parts measure. */
function isOfWholeHeap(entry: PerformanceEntry & { readonly detail?: { readonly kind?: number } }): boolean {
  return entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** Labels in Mesos's shape. */
import type { Labels } from '@stadion/contract/mesos';

/** A map as Mesos labels, in its order; undefined when there are none. */
export function textLabels(labels: Readonly<Record<string, string>> | undefined): Labels | undefined {
  const entries = Object.entries(labels ?? {});
  return entries.length === 0 ? undefined : { labels: entries.map(([key, value]) => ({ key, value })) };
}

/** The rows of the list of apps: folders and apps of one group, or the apps that a search finds anywhere below it. */
import {
  appHealth,
  appStatus,
  healthSegments,
  type AppHealth,
  type AppStatus,
  type HealthSegments,
} from './app-state.ts';
import { distanceOf, wordsOf } from './closeness.ts';
import type { AppsSearch } from './apps-search.ts';
import type { ListedApp } from './pod-row.ts';

/** A row: an app, a pod, or a folder with the sums of what is in it. Resources are those of all instances together. */
export interface AppRow {
  readonly kind: 'app' | 'pod' | 'group';
  readonly id: string;
  /** The id, as seen from the group that is looked into. */
  readonly name: string;
  readonly cpus: number;
  readonly mem: number;
  readonly running: number;
  readonly instances: number;
  readonly segments: HealthSegments;
  readonly status: AppStatus;
  readonly health: AppHealth;
  /** Apps in the folder; 1 for an app. */
  readonly apps: number;
  readonly app?: ListedApp;
}

/** The rows for a search, folders first. */
export function appRows(apps: readonly ListedApp[], search: AppsSearch): readonly AppRow[] {
  const prefix = search.group === undefined || search.group === '/' ? '/' : `${search.group}/`;
  const inside = apps.filter(({ id }) => id.startsWith(prefix));
  const found = isRestricted(search) ? inside.filter((app) => matches(app, search)) : undefined;
  if (found !== undefined) return ranked(found, search.q).map((app) => rowOf(app, prefix));
  const folders = new Map<string, AppRow[]>();
  const rows: AppRow[] = [];
  for (const app of inside) {
    const row = rowOf(app, prefix);
    const slash = row.name.indexOf('/');
    if (slash < 0) {
      rows.push(row);
      continue;
    }
    const name = row.name.slice(0, slash);
    const folder = folders.get(name);
    if (folder === undefined) folders.set(name, [row]);
    else folder.push(row);
  }
  return [...[...folders].map(([name, members]) => folderOf(prefix + name, name, members)), ...rows];
}

/** Those whose ids are nearest to what was typed first; those that were found by something else of theirs last. */
function ranked(apps: readonly ListedApp[], q: string | undefined): readonly ListedApp[] {
  if (q === undefined) return apps;
  const words = wordsOf(q);
  const distances = new Map(apps.map((app) => [app, distanceOf(app.id.toLowerCase(), words) ?? Infinity]));
  return [...apps].sort((one, other) => {
    const [left = Infinity, right = Infinity] = [distances.get(one), distances.get(other)];
    return left === right ? (one.id < other.id ? -1 : 1) : left - right;
  });
}

/** Whether a search finds apps anywhere below a group, instead of showing the group. */
export function isRestricted({ q, status, health, label, volume }: AppsSearch): boolean {
  return [q, status, health, label, volume].some((wanted) => wanted !== undefined);
}

function matches(app: ListedApp, { q, status, health, label, volume }: AppsSearch): boolean {
  if (status !== undefined && !status.includes(appStatus(app))) return false;
  if (health !== undefined && !health.includes(appHealth(app))) return false;
  if (label !== undefined && !label.some((wanted) => hasLabel(app, wanted))) return false;
  if (volume !== undefined && !volume.some((kind) => app.volumes?.includes(kind))) return false;
  return (
    q === undefined ||
    q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => contains(app, word))
  );
}

function hasLabel({ labels }: ListedApp, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at < 0) return wanted in labels;
  return labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}

function contains({ id, labels, image }: ListedApp, word: string): boolean {
  if (id.toLowerCase().includes(word)) return true;
  if (image?.toLowerCase().includes(word) === true) return true;
  return Object.entries(labels).some(([name, value]) => `${name}=${value}`.toLowerCase().includes(word));
}

const rows = new WeakMap<ListedApp, AppRow>();

/** Rows are kept as long as their app is the same: most of thousands are, from one look to the next. */
function rowOf(app: ListedApp, prefix: string): AppRow {
  const name = app.id.slice(prefix.length);
  const kept = rows.get(app);
  if (kept?.name === name) return kept;
  const row: AppRow = {
    kind: app.isPod === true ? 'pod' : 'app',
    id: app.id,
    name,
    cpus: app.cpus * app.instances,
    mem: app.mem * app.instances,
    running: app.running,
    instances: app.instances,
    segments: healthSegments(app),
    status: appStatus(app),
    health: appHealth(app),
    apps: 1,
    app,
  };
  rows.set(app, row);
  return row;
}

function folderOf(id: string, name: string, members: readonly AppRow[]): AppRow {
  const total = { cpus: 0, mem: 0, running: 0, instances: 0 };
  const segments = { healthy: 0, unhealthy: 0, unknown: 0, staged: 0, over: 0, unscheduled: 0 };
  for (const row of members) {
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += row[key];
    for (const key of Object.keys(segments) as (keyof HealthSegments)[]) segments[key] += row.segments[key];
  }
  return {
    kind: 'group',
    id,
    name,
    ...total,
    segments,
    status: first(members, 'status', ['delayed', 'waiting', 'deploying', 'running'] as const) ?? 'suspended',
    health: first(members, 'health', ['unhealthy', 'unknown', 'healthy'] as const) ?? 'none',
    apps: members.length,
  };
}

/** The first of some values that any row has. */
function first<Key extends 'status' | 'health', Value extends AppRow[Key]>(
  members: readonly AppRow[],
  key: Key,
  values: readonly Value[],
): Value | undefined {
  const present = new Set(members.map((row) => row[key]));
  return values.find((value) => present.has(value));
}

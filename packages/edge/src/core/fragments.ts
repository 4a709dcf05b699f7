/** What each app contributes to the table: its labels in whichever dialects it uses, each app on its own. */
import type { AppView } from './app-view.ts';
import { deploymentGroupOf, mergeDeploymentGroup } from './dialects/deployment-groups.ts';
import { hasMarathonLbLabels, parseMarathonLb } from './dialects/marathon-lb.ts';
import type { DialectOptions } from './dialects/options.ts';
import { hasTraefikV1Labels, parseTraefikV1 } from './dialects/traefik-v1.ts';
import { hasTraefikV2Labels, parseTraefikV2 } from './dialects/traefik-v2.ts';
import { DEFAULT_ENTRY_POINTS, type Fragment, type Problem, type Router } from './model.ts';
import { limits } from '../limits.ts';

/** Traefik's usual names of entry points. */
const ALIASES: Readonly<Record<string, string>> = { web: 'http', websecure: 'https' };
const KNOWN = new Set(['http', 'https', 'appid']);

/** What one app contributes. */
export function fragmentOf(app: AppView, options: DialectOptions): Fragment {
  const { labels } = app;
  if (Object.keys(labels).length > limits.labelsPerApp) {
    return withProblem(app.id, `an app may have at most ${limits.labelsPerApp} labels`);
  }
  const parts: Fragment[] = [];
  const isV2 = hasTraefikV2Labels(labels);
  if (isV2) parts.push(parseTraefikV2(app, options));
  // An app that says nothing but `traefik.enable` has the default rule of version 1.
  if (hasTraefikV1Labels(labels) || (!isV2 && isMaybeExposed(labels, options))) {
    parts.push(parseTraefikV1(app, options));
  }
  if (hasMarathonLbLabels(labels) && options.groups.length > 0) parts.push(parseMarathonLb(app, options));
  return withEntryPoints({
    source: app.id,
    routers: parts.flatMap(({ routers }) => routers).slice(0, limits.routersPerSource),
    services: parts.flatMap(({ services }) => services),
    middlewares: parts.flatMap(({ middlewares }) => middlewares),
    problems: parts.flatMap(({ problems }) => problems),
  });
}

/**
 * The apps as sources: those of one deployment group are one.
 * @returns the sources by id
 */
export function sourcesOf(apps: Iterable<AppView>): ReadonlyMap<string, AppView> {
  const sources = new Map<string, AppView>();
  const groups = new Map<string, AppView[]>();
  for (const app of apps) {
    const group = deploymentGroupOf(app);
    if (group === undefined) sources.set(app.id, app);
    else groups.set(group, [...(groups.get(group) ?? []), app]);
  }
  for (const [group, members] of groups) {
    const merged = mergeDeploymentGroup(group, members);
    if (merged !== undefined) sources.set(merged.id, merged);
  }
  return sources;
}

function isMaybeExposed(labels: Readonly<Record<string, string>>, options: DialectOptions): boolean {
  return options.exposedByDefault || labels['traefik.enable'] !== undefined;
}

function withProblem(source: string, message: string): Fragment {
  const problem: Problem = { source, label: 'labels', message, spoils: 'route' };
  return { source, routers: [], services: [], middlewares: [], problems: [problem] };
}

/** Gives routers the edge's names of entry points; one that asks for unknown ones only is left out. */
export function withEntryPoints(fragment: Fragment): Fragment {
  const problems: Problem[] = [...fragment.problems];
  const routers = fragment.routers.flatMap((router): Router[] => {
    const asked = router.entryPoints.map((name) => ALIASES[name.toLowerCase()] ?? name.toLowerCase());
    const known = asked.filter((name) => KNOWN.has(name) || name.startsWith('port:'));
    if (known.length < asked.length) {
      const unknown = asked.filter((name) => !known.includes(name)).join(', ');
      const spoils = known.length === 0 ? 'route' : 'setting';
      const message = `there is no entry point ${unknown}. Known: http (web), https (websecure)`;
      problems.push({ source: router.source, label: `${router.name}.entryPoints`, message, spoils });
      if (known.length === 0) return [];
    }
    const all = router.tls === undefined ? DEFAULT_ENTRY_POINTS : ['https'];
    return [{ ...router, entryPoints: known.length === 0 ? all : known }];
  });
  return { ...fragment, routers, problems };
}

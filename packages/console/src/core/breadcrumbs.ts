/** Where a page is, as steps from the top. */
import { taskName } from './task-row.ts';

/** One step: what it is called and where it leads. */
export interface Breadcrumb {
  readonly label: string;
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
}

/** Single things stand below the list of their like. */
const PARENTS: Readonly<Record<string, string>> = { node: '/nodes', instance: '/apps', framework: '/cluster' };

/** Pages whose path goes on with the id of an app or pod. */
const OF_APPS: ReadonlySet<string> = new Set(['apps', 'app', 'pod', 'edit', 'edit-pod', 'logs', 'new']);

const SECTIONS: Readonly<Record<string, string>> = {
  apps: 'Apps',
  deployments: 'Deployments',
  instance: 'Apps',
  nodes: 'Nodes',
  node: 'Nodes',
  map: 'Map',
  cluster: 'Cluster',
  framework: 'Cluster',
  routes: 'Routes',
  names: 'Names',
  events: 'Events',
  api: 'API',
  logs: 'Logs',
  new: 'New',
  edit: 'Edit',
  'edit-pod': 'Edit',
};

/**
 * The steps to a page.
 * @param path of the URL, decoded
 * @param group the group that the list of apps looks into
 */
export function breadcrumbs(path: string, group: string | undefined): readonly Breadcrumb[] {
  const [section, ...rest] = path.split('/').filter((segment) => segment !== '');
  if (section === undefined) return [{ label: 'Overview', to: '/', search: {} }];
  const isOfApps = OF_APPS.has(section);
  const top: Breadcrumb = isOfApps
    ? step('Apps', '/apps')
    : step(SECTIONS[section] ?? section, PARENTS[section] ?? `/${section}`);
  if (section === 'new') return [top, step('New', '/new')];
  if (!isOfApps) {
    return rest.length === 0
      ? [top]
      : [top, step(section === 'instance' ? taskName(rest.join('/')) : rest.join('/'), path)];
  }
  const names = section === 'apps' && rest.length === 0 ? (group ?? '').split('/').filter(Boolean) : rest;
  const steps = names.map((name, index) => {
    const id = `/${names.slice(0, index + 1).join('/')}`;
    const isApp = rest.length > 0 && index === names.length - 1;
    return isApp
      ? step(name, `/${section.endsWith('pod') ? 'pod' : 'app'}${id}`)
      : { label: name, to: '/apps', search: { group: id } };
  });
  const last = ['apps', 'app', 'pod'].includes(section) ? [] : [step(SECTIONS[section] ?? section, path)];
  return [top, ...steps, ...last];
}

function step(label: string, to: string): Breadcrumb {
  return { label, to, search: {} };
}

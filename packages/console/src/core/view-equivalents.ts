/** How what a page shows is asked for on the command line and by the API. */
import type { ApiRequest } from './action-plan.ts';

/** The same view elsewhere. */
export interface ViewEquivalent {
  readonly request: ApiRequest;
  readonly command?: string;
}

const VIEWS: Readonly<Record<string, ViewEquivalent>> = {
  '': { request: get('/v2/overview/apps'), command: 'stadion status' },
  apps: { request: get('/v2/apps'), command: 'stadion app list' },
  deployments: { request: get('/v2/deployments'), command: 'stadion deploy list' },
  nodes: { request: get('/v2/cluster/agents'), command: 'stadion node list' },
  map: { request: get('/v2/overview/instances'), command: 'stadion task list' },
  cluster: { request: get('/v2/cluster/summary'), command: 'stadion status' },
  routes: { request: get('/v2/edge/routes'), command: 'stadion route list' },
  names: { request: get('/v2/names/records'), command: 'stadion dns records' },
  api: { request: get('/v2/openapi.json') },
  events: { request: get('/v2/events'), command: 'stadion events' },
};

/** The equivalent of a page, if it shows something that can be asked for. @param path of the URL, decoded */
export function viewEquivalent(path: string): ViewEquivalent | undefined {
  const [section = '', ...rest] = path.split('/').filter((segment) => segment !== '');
  const id = `/${rest.join('/')}`;
  if (section === 'app' || section === 'edit') {
    return { request: get(`/v2/apps${id}`), command: `stadion app show ${id}` };
  }
  if (section === 'pod' || section === 'edit-pod') {
    return { request: get(`/v2/pods${id}::status`), command: `stadion pod show ${id}` };
  }
  if (section === 'node') {
    return { request: get(`/v2/cluster/agents${id}/state`), command: `stadion node show ${rest.join('/')}` };
  }
  if (section === 'instance') {
    return { request: get(`/v2/cluster/tasks?task_id=${rest.join('/')}`), command: `stadion logs ${rest.join('/')}` };
  }
  if (section === 'framework') return { request: get('/v2/cluster/frameworks') };
  return VIEWS[section];
}

function get(path: string): ApiRequest {
  return { method: 'GET', path };
}

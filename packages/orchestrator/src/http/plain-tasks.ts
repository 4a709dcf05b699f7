/**
 * Task lists as `text/plain`, which bridges to HAProxy read before Marathon 1.10: one line for each service port of an app,
 * `app_id TAB servicePort TAB host:port TAB … TAB`. An app without ports has one line with a blank for the port.
 */
import { hostPort } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { servicePortsOf } from '../core/app/service-ports.ts';
import { isOnHostNetwork } from '../core/app/spec.ts';
import { safeIdOf } from '../core/instance-ids.ts';
import type { EngineView } from '../engine.ts';
import type { Answer, Call } from './answer.ts';
import { isPlaced, type PlacedInstance } from './task-view.ts';

/** Whether a client asks for text and not for JSON; who takes anything gets JSON. */
export function wantsPlainTasks({ request }: Call): boolean {
  const { accept = '' } = request.headers;
  return accept.includes('text/plain') && !accept.includes('application/json');
}

/**
 * The lines of these apps. Only what runs is named, and nothing that is about to go. Of apps on one of the networks that
 * `containerNetworks` names (`*`: any), tasks are named by their own addresses.
 */
export function plainTasks(view: EngineView, apps: Iterable<AppDefinition>, { query }: Pick<Call, 'query'>): Answer {
  const networks = new Set(query.getAll('containerNetworks').flatMap((names) => names.split(',')));
  let text = '';
  for (const app of apps) {
    const running = view
      .instances(app.id)
      .filter(isPlaced)
      .filter(({ condition, goal }) => condition === 'Running' && goal === 'Running');
    text += linesOf(app, running, isOn(app, networks));
  }
  return { status: 200, body: { kind: 'text', text, contentType: 'text/plain; charset=utf-8' } };
}

function isOn({ networks }: AppDefinition, wanted: ReadonlySet<string>): boolean {
  return networks.some(({ mode, name = '' }) => mode === 'container' && (wanted.has('*') || wanted.has(name)));
}

function linesOf(app: AppDefinition, instances: readonly PlacedInstance[], hasAddresses: boolean): string {
  const ports = servicePortsOf(app);
  const name = safeIdOf(app.id);
  if (ports.length === 0) {
    return line(
      name,
      ' ',
      addresses(instances, (instance) => hostOf(instance, hasAddresses)),
    );
  }
  const indexes = hostPortIndexes(app, ports.length);
  return ports
    .map((servicePort, at) => {
      const index = indexes[at];
      const hosts = addresses(instances, (instance) => {
        const own = hasAddresses ? app.container?.portMappings?.[at]?.containerPort : undefined;
        const port = own ?? (index === undefined ? undefined : instance.hostPorts[index]);
        const host = hostOf(instance, hasAddresses);
        return port === undefined || host === undefined ? undefined : hostPort(host, port);
      });
      return line(name, String(servicePort), hosts);
    })
    .join('');
}

function hostOf({ place, ipAddresses }: PlacedInstance, hasAddress: boolean): string | undefined {
  return hasAddress ? ipAddresses[0]?.ipAddress : place?.hostname;
}

function addresses(
  instances: readonly PlacedInstance[],
  addressOf: (instance: PlacedInstance) => string | undefined,
): readonly string[] {
  return instances.flatMap((instance) => addressOf(instance) ?? []).sort();
}

function line(name: string, port: string, hosts: readonly string[]): string {
  return `${[name, port, ...hosts].join('\t')}\t\n`;
}

/** Where the host port of each service port stands among those of a task; undefined: it has none. */
function hostPortIndexes(app: AppDefinition, count: number): readonly (number | undefined)[] {
  const mappings = app.container?.portMappings ?? [];
  const isAlways = isOnHostNetwork(app) || app.networks.some(({ mode }) => mode === 'container/bridge');
  let next = 0;
  return Array.from({ length: count }, (_, at) =>
    isAlways || mappings[at]?.hostPort !== undefined ? next++ : undefined,
  );
}

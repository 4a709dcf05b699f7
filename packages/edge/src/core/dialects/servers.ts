/** The servers of a service: an address and a port of each instance. */
import type { AppView, Instance } from '../app-view.ts';
import type { Server } from '../model.ts';
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';

/** How a label chooses the port of an instance. */
export type PortChoice =
  | { readonly kind: 'fixed'; readonly port: number }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'name'; readonly name: string };

/** What every server of a service has. */
export interface ServerChoice {
  readonly port: PortChoice;
  /** Which of several addresses; undefined where an instance has only one. */
  readonly addressIndex: number | undefined;
  readonly weight: number;
  /** The agent's name even where instances have addresses of their own. */
  readonly forceAgentHost?: boolean;
}

/**
 * The servers of an app.
 * @returns a problem when no instance could ever have such a port
 */
export function serversOf(app: AppView, choice: ServerChoice): Parsed<readonly Server[]> {
  const index = portIndexOf(app, choice.port);
  if (!index.ok) return index;
  const servers: Server[] = [];
  for (const instance of app.instances) {
    const port = choice.port.kind === 'fixed' ? choice.port.port : instance.ports[index.value];
    const host = hostOf(app, instance, choice);
    // An instance that lacks the port is left out: another version of the app may have declared it.
    if (port === undefined || port === 0 || host === undefined) continue;
    servers.push({
      id: `${host}:${String(port)}`,
      host,
      port,
      weight: choice.weight * instance.share,
      appId: app.id,
      taskId: instance.taskId,
      ...(instance.isDraining ? { isDraining: true } : {}),
    });
  }
  return parsed(servers);
}

function portIndexOf(app: AppView, choice: PortChoice): Parsed<number> {
  if (choice.kind === 'fixed') return parsed(0);
  if (choice.kind === 'name') {
    const index = app.ports.findIndex(({ name }) => name === choice.name);
    if (index >= 0) return parsed(index);
    const names = app.ports.flatMap(({ name }) => name ?? []);
    return unparsed(`the app has no port named '${choice.name}' (${names.join(', ') || 'its ports have no names'})`);
  }
  const count = Math.max(app.ports.length, ...app.instances.map(({ ports }) => ports.length));
  if (count === 0) return unparsed('the app has no ports: declare one, or say which with a port label');
  if (choice.index < count) return parsed(choice.index);
  return unparsed(`the port index ${choice.index} is out of range: the app has ${count} ports`);
}

function hostOf(app: AppView, instance: Instance, choice: ServerChoice): string | undefined {
  if (!app.usesOwnAddress || choice.forceAgentHost === true) return instance.agentHost;
  if (choice.addressIndex !== undefined) return instance.addresses[choice.addressIndex];
  return instance.addresses[0];
}

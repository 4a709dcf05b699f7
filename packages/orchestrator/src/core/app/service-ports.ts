/** Gives service ports to apps that ask for any: free numbers from a range, the ones they had before first. */
import { randomBelow, type Random } from '@stadion/base';
import { violation, type Checked } from './checked.ts';
import { isOnHostNetwork, type AppSpec } from './spec.ts';

/** The numbers that are given out: Marathon's `--local_port_min` and `--local_port_max`, both included. */
export interface ServicePortRange {
  readonly min: number;
  readonly max: number;
}

/** Marathon's own range. */
export const standardServicePorts: ServicePortRange = { min: 10_000, max: 20_000 };

/** The service ports of an app in order; 0 stands for "any". */
export function servicePortsOf(app: AppSpec): readonly number[] {
  if (isOnHostNetwork(app)) return (app.portDefinitions ?? []).map(({ port }) => port);
  return (app.container?.portMappings ?? []).map(({ servicePort }) => servicePort);
}

/**
 * Replaces each service port 0 by a number: first those that the app had before, then free ones.
 * An app with `requirePorts` keeps its zeros: there a number would demand that very port of an agent.
 * @param previousPorts the service ports of the app as it is now
 * @param isUsed whether another app has this number
 * @returns a violation when the range is used up
 */
export function assignServicePorts(
  app: AppSpec,
  previousPorts: readonly number[],
  range: ServicePortRange,
  isUsed: (port: number) => boolean,
  random: Random,
): Checked<AppSpec> {
  const wanted = servicePortsOf(app);
  if (app.requirePorts || !wanted.includes(0)) return { ok: true, value: app };
  const taken = new Set(wanted);
  const reusable = previousPorts.filter((port) => port !== 0 && !taken.has(port));
  const ports: number[] = [];
  for (const port of wanted) {
    const chosen = port === 0 ? (reusable.shift() ?? freePort(range, taken, isUsed, random)) : port;
    if (chosen === undefined) return exhausted(range);
    taken.add(chosen);
    ports.push(chosen);
  }
  return { ok: true, value: withServicePorts(app, ports) };
}

function freePort(
  range: ServicePortRange,
  taken: ReadonlySet<number>,
  isUsed: (port: number) => boolean,
  random: Random,
): number | undefined {
  const size = range.max - range.min + 1;
  const start = randomBelow(random, size);
  for (let offset = 0; offset < size; offset += 1) {
    const port = range.min + ((start + offset) % size);
    if (!taken.has(port) && !isUsed(port)) return port;
  }
  return undefined;
}

function exhausted({ min, max }: ServicePortRange): Checked<AppSpec> {
  const message = `all service ports from ${String(min)} to ${String(max)} are taken: name one, or ask for fewer ports`;
  return { ok: false, violations: [violation('/portDefinitions', message)] };
}

function withServicePorts(app: AppSpec, ports: readonly number[]): AppSpec {
  if (isOnHostNetwork(app)) {
    const definitions = (app.portDefinitions ?? []).map((one, index) => ({ ...one, port: ports[index] ?? one.port }));
    return { ...app, portDefinitions: definitions };
  }
  if (app.container?.portMappings === undefined) return app;
  const portMappings = app.container.portMappings.map((one, index) => ({
    ...one,
    servicePort: ports[index] ?? one.servicePort,
  }));
  return { ...app, container: { ...app.container, portMappings } };
}

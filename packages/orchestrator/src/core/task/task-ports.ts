/** The ports of one launch: what the app declared, joined with what the offer gave. */
import { randomBelow, type Random } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';

const GENERATED_FIRST = 1025;
const GENERATED_COUNT = 65_535 - GENERATED_FIRST + 1;

/** One port of a task, in the order of the app's definitions or mappings. */
export interface TaskPort {
  /** The port of the agent; undefined when the mapping asks for none. */
  readonly hostPort: number | undefined;
  /** The port that the task itself listens on, never 0. On the host's network it is the host port. */
  readonly taskPort: number;
  /** Whether {@link taskPort} was invented, for a mapping that names neither port. */
  readonly isGenerated: boolean;
  /** The number in the app: a definition's `port`, a mapping's `containerPort`; 0 when left open. */
  readonly declared: number;
  readonly name: string | undefined;
  /** `udp,tcp` is two protocols on one port. */
  readonly protocols: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Joins the app's definitions or mappings with the host ports that were taken for it.
 * @param hostPorts one entry per definition or mapping
 * @param random invents ports for mappings that name none (reference 4: 1025 to 65535)
 */
export function taskPorts(
  app: AppDefinition,
  hostPorts: readonly (number | undefined)[],
  random: Random,
): readonly TaskPort[] {
  if (isOnHostNetwork(app)) {
    return (app.portDefinitions ?? []).map((definition, index) => ({
      hostPort: hostPorts[index],
      taskPort: hostPorts[index] ?? definition.port,
      isGenerated: false,
      declared: definition.port,
      name: definition.name,
      protocols: definition.protocol.split(','),
      labels: definition.labels ?? {},
    }));
  }
  const mappings = app.container?.portMappings ?? [];
  const used = new Set([...hostPorts, ...mappings.map(({ containerPort }) => containerPort)]);
  return mappings.map((mapping, index) => {
    const hostPort = hostPorts[index];
    const named = mapping.containerPort === 0 ? hostPort : mapping.containerPort;
    return {
      hostPort,
      taskPort: named ?? inventPort(used, random),
      isGenerated: named === undefined,
      declared: mapping.containerPort,
      name: mapping.name,
      protocols: mapping.protocol.split(','),
      labels: mapping.labels,
    };
  });
}

/** Where others reach the port: on the agent if it has a host port, else at the task's own address. */
export function reachablePort(port: TaskPort): number {
  return port.hostPort ?? port.taskPort;
}

/** Whether the app uses the agent's network, where definitions rather than mappings count. */
export function isOnHostNetwork(app: AppDefinition): boolean {
  return (app.networks[0]?.mode ?? 'host') === 'host';
}

function inventPort(used: Set<number | undefined>, random: Random): number {
  let port = GENERATED_FIRST + randomBelow(random, GENERATED_COUNT);
  while (used.has(port)) port = port === 65_535 ? GENERATED_FIRST : port + 1;
  used.add(port);
  return port;
}

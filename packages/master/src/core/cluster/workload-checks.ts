/**
 * Whether what a task or an executor is made of makes sense: its command, its container, its checks. Rules:
 * `mesos::internal::common::validation` and `checks::validation` of Mesos 1.11. What a machine cannot do is its agent's to say.
 */
import type { CommandInfo, ContainerInfo, HealthCheckInfo, TaskInfo } from '@stadion/contract/mesos';
import type { CheckInfo } from '@stadion/contract/mesos-workload';

/** What is wrong with the parts of a task, or undefined. */
export function findWorkloadProblem({ command, container, health_checks, check }: TaskInfo): string | undefined {
  const inCheck = check && (findProbeProblem(check, check.command?.command) ?? findTimeProblem(check));
  if (inCheck !== undefined) return `Task uses invalid check: ${inCheck}`;
  for (const each of health_checks ?? []) {
    const problem = findHealthProblem(each);
    if (problem !== undefined) return `Task uses invalid health check: ${problem}`;
  }
  return findProcessProblem('Task', command, container);
}

/** What is wrong with a command and the container around it, or undefined. @param whose `Task` or `Executor` */
export function findProcessProblem(
  whose: string,
  command: CommandInfo | undefined,
  container: ContainerInfo | undefined,
): string | undefined {
  const inCommand = command && findCommandProblem(command);
  if (inCommand !== undefined) return `${whose}'s 'CommandInfo' is invalid: ${inCommand}`;
  const inContainer = container && findContainerProblem(container);
  return inContainer === undefined ? undefined : `${whose}'s 'ContainerInfo' is invalid: ${inContainer}`;
}

function findCommandProblem({ environment }: CommandInfo): string | undefined {
  for (const { name, type = 'VALUE', value, secret } of environment?.variables ?? []) {
    const problem =
      type === 'SECRET'
        ? value === undefined
          ? findSecretProblem(secret)
          : `must not have a 'value' beside its secret`
        : value === undefined
          ? `must have a 'value'`
          : secret && `is of type VALUE and must not have a 'secret'`;
    if (problem !== undefined) return `The environment variable '${name}' ${problem}`;
  }
  return undefined;
}

function findContainerProblem({ type, docker, volumes }: ContainerInfo): string | undefined {
  if (type === 'DOCKER' && docker === undefined) return `'docker' must be set for a container of type DOCKER`;
  for (const { container_path: path, host_path: hostPath, source } of volumes ?? []) {
    const problem =
      hostPath !== undefined && source !== undefined
        ? `has both a 'host_path' and a 'source'`
        : source && findSourceProblem(source);
    if (problem !== undefined) return `The volume '${path}' ${problem}`;
  }
  return undefined;
}

type Secret = NonNullable<Source['secret']>;
type Source = NonNullable<NonNullable<ContainerInfo['volumes']>[number]['source']>;

function findSourceProblem(source: Source): string | undefined {
  const { type } = source;
  const member = type.toLowerCase() as Lowercase<Source['type']>;
  if (source[member] === undefined) return `must have 'source.${member}', which is of the type ${type}`;
  if (type === 'SECRET') return findSecretProblem(source.secret);
  if (type !== 'SANDBOX_PATH') return undefined;
  const path = source.sandbox_path?.path ?? '';
  return path.startsWith('/') ? `has the absolute path '${path}' of a sandbox` : undefined;
}

function findSecretProblem(secret: Secret | undefined): string | undefined {
  if (secret === undefined) return `must have a 'secret'`;
  const { type, reference, value } = secret;
  const [wanted, other] = type === 'REFERENCE' ? [reference, value] : [value, reference];
  if (wanted === undefined) return `has a secret of type ${type} without '${type.toLowerCase()}'`;
  return other && `has a secret that is both a reference and a value`;
}

function findHealthProblem(check: HealthCheckInfo): string | undefined {
  if (check.grace_period_seconds < 0) return notNegative('grace_period_seconds');
  return findProbeProblem(check, check.command) ?? findTimeProblem(check);
}

function findProbeProblem(
  { type, http, tcp }: Pick<CheckInfo, 'type' | 'http' | 'tcp'>,
  command: CommandInfo | undefined,
): string | undefined {
  switch (type) {
    case 'COMMAND':
      if (command === undefined) return `'command' must be set for a COMMAND check`;
      return (command.value ?? '') === '' ? 'its command is empty' : findCommandProblem(command);
    case 'HTTP': {
      if (http === undefined) return `'http' must be set for an HTTP check`;
      const { path = '/' } = http;
      return path.startsWith('/') ? undefined : `the path '${path}' of an HTTP check must start with '/'`;
    }
    case 'TCP':
      return tcp === undefined ? `'tcp' must be set for a TCP check` : undefined;
  }
}

function findTimeProblem(
  check: Pick<CheckInfo, 'delay_seconds' | 'interval_seconds' | 'timeout_seconds'>,
): string | undefined {
  for (const name of ['delay_seconds', 'interval_seconds', 'timeout_seconds'] as const) {
    if (check[name] < 0) return notNegative(name);
  }
  return undefined;
}

function notNegative(member: string): string {
  return `'${member}' must be non-negative`;
}

/** Starts containers: the command, environment, limits and volumes of a task as the containerizer wants them. */
import { assert, describeError } from '@stadion/base';
import type { FrameworkInfo, Resource } from '@stadion/contract/mesos';
import type { AgentOptions } from './agent-options.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { commandOf, imageOf } from './core/admission.ts';
import { secretsOf } from './core/task-secrets.ts';
import { containerNameOf, isExecuted, mountSources, type MountSource, type TaskPod } from './core/pod.ts';
import { limitsOf } from './core/resources.ts';
import { taskEnvironment } from './core/task-environment.ts';
import type { Task } from './core/task.ts';
import { LAUNCHES_MAX } from './limits.ts';
import type { ContainerMount, ExecOutcome, ExecRequest, LaunchOutcome, SessionRequest } from './ports/containerizer.ts';
import type { SandboxId } from './ports/sandboxes.ts';
import type { VolumeKeeper } from './volume-keeper.ts';

const MEBIBYTE = 1024 * 1024;

interface LauncherParts {
  readonly ports: Pick<AgentOptions, 'containerizer' | 'sandboxes' | 'info' | 'log'>;
  readonly volumes: VolumeKeeper;
  readonly agentId: () => string;
  readonly frameworkOf: (frameworkId: string) => FrameworkInfo | undefined;
  /** What a container may use. */
  readonly resourcesOf: (task: Task) => readonly Resource[];
  /** What a custom executor shows who it is with. */
  readonly tokenOf: (process: Task) => string | undefined;
  /** The agent's own environment. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
}

/** Where a task's command runs. */
interface CommandContext {
  readonly directory: string;
  readonly environment: Record<string, string>;
  readonly user?: string;
}

/** One per agent. */
export class ContainerLauncher {
  private readonly parts: LauncherParts;
  private readonly launches = new ConcurrencyLimit(LAUNCHES_MAX);

  constructor(parts: LauncherParts) {
    this.parts = parts;
  }

  /** @param isWanted asked when its turn has come: a launch that nobody wants any more is left out */
  launch(current: () => Task, isWanted: () => boolean): Promise<LaunchOutcome> {
    return this.launches.run(async () => {
      if (!isWanted()) return { ok: false, message: '' };
      const task = current();
      try {
        const mounts = await this.mounts(task);
        // Made ready meanwhile, or not wanted any more.
        return isWanted() ? await this.start(task, mounts) : { ok: false, message: '' };
      } catch (error) {
        return { ok: false, message: describeError(error) };
      }
    });
  }

  /** Changes what a running container may use. */
  resize(containerId: string, resources: readonly Resource[]): void {
    const { containerizer, log } = this.parts.ports;
    containerizer.update?.(containerId, limitsOf(resources)).catch((error: unknown) => {
      log.warn({ containerId, error: describeError(error) }, 'the limits of a container could not be changed');
    });
  }

  private commandContext(task: Task): CommandContext {
    const { ports, agentId, frameworkOf, inherited } = this.parts;
    const directory = ports.sandboxes.directory(this.sandboxId(task));
    const user = task.info.command?.user;
    const environment = taskEnvironment(task.info, {
      agentId: agentId(),
      frameworkId: task.frameworkId,
      executorId: task.pod?.executor.executor_id.value,
      runs: task.runs,
      token: this.parts.tokenOf(task),
      framework: frameworkOf(task.frameworkId),
      directory,
      ip: ports.info.ip,
      port: ports.info.port,
      inherited,
    });
    return { directory, environment, ...(user === undefined ? {} : { user }) };
  }

  /** Runs a command inside the container of a task. */
  async exec(task: Task, request: SessionRequest): Promise<ExecOutcome> {
    const { containerizer } = this.parts.ports;
    const { user, environment: own, ...wanted } = request;
    if (user !== undefined && user !== task.info.command?.user) {
      // Who may work inside tasks may not be anybody there.
      return { ok: false, message: `A session runs as the user of its task, and that is not "${user}"` };
    }
    const context = this.execContext(task);
    const environment = { ...context.environment, ...own };
    const outcome = await containerizer.exec?.(containerNameOf(task), { ...context, ...wanted, environment });
    return outcome ?? { ok: false, message: `Nothing can be run inside containers of ${containerizer.name}` };
  }

  /** What a command inside the container of a task starts with. An image has a directory and users of its own. */
  execContext(task: Task): Pick<ExecRequest, 'environment' | 'directory' | 'user'> {
    const { environment, user } = this.commandContext(task);
    if (imageOf(task.info.container) !== undefined) return { environment };
    const directory = environment['MESOS_SANDBOX'] ?? '/';
    return { environment, directory, ...(user === undefined ? {} : { user }) };
  }

  sandboxId(task: Task, agentId = this.parts.agentId()): SandboxId {
    const taskId = task.info.task_id.value;
    if (task.pod !== undefined) {
      const shared = this.podSandboxId(task, task.pod, agentId);
      return isExecuted(task.pod) ? shared : { ...shared, taskId };
    }
    return { agentId, frameworkId: task.frameworkId, executorId: taskId, containerId: task.containerId };
  }

  podSandboxId(task: Task, pod: TaskPod, agentId = this.parts.agentId()): SandboxId {
    const executorId = pod.executor.executor_id.value;
    return { agentId, frameworkId: task.frameworkId, executorId, containerId: pod.podId };
  }

  /** Says in a sentence which volume of a task is not here, or nothing. */
  async findMissingVolume(task: Task): Promise<string | undefined> {
    const volumes = mountSources(task.info, task.pod).flatMap(({ from }) =>
      from.kind === 'volume' ? [from.volume] : [],
    );
    if (volumes.length === 0) return undefined;
    await this.parts.volumes.settled();
    const missing = volumes.find((volume) => this.parts.volumes.directoryOf(volume) === undefined);
    return missing && `This agent has no volume ${missing.id} of the role ${missing.role}`;
  }

  private start(task: Task, mounts: readonly ContainerMount[]): Promise<LaunchOutcome> {
    const { pod, info, containerId } = task;
    const { ports } = this.parts;
    return ports.containerizer.launch({
      containerId,
      command: commandOf(info),
      ...this.commandContext(task),
      ...(info.container === undefined ? {} : { container: info.container }),
      limits: limitsOf(this.parts.resourcesOf(task)),
      ...secretsOf(info),
      ...(mounts.length === 0 ? {} : { mounts }),
      ...(pod === undefined
        ? {}
        : {
            pod: {
              podId: pod.podId,
              directory: ports.sandboxes.directory(this.podSandboxId(task, pod)),
              ...(pod.executor.container === undefined ? {} : { info: pod.executor.container }),
            },
          }),
    });
  }

  private async mounts(task: Task): Promise<readonly ContainerMount[]> {
    const mounts: ContainerMount[] = [];
    for (const source of mountSources(task.info, task.pod)) {
      const { containerPath, readOnly, from } = source;
      const limit = from.kind === 'volume' ? from.limitMebibytes : undefined;
      const limited = limit === undefined ? {} : { limitBytes: limit * MEBIBYTE };
      mounts.push({ source: await this.provide(task, source), containerPath, readOnly, ...limited });
    }
    return mounts;
  }

  /** Makes sure that a volume is there, for the task's user, and says where. */
  private async provide(task: Task, { from }: MountSource): Promise<string> {
    const { volumes, ports } = this.parts;
    const user = task.info.command?.user;
    switch (from.kind) {
      case 'volume':
        await volumes.handOver(from.volume, user);
        return volumes.directoryOf(from.volume) ?? '';
      case 'shared': {
        const { pod } = task;
        assert(pod !== undefined, 'only the tasks of a pod share directories');
        const share = { user, isForAll: pod.hasSeveralUsers };
        return ports.sandboxes.createShared(this.podSandboxId(task, pod), from.name, share);
      }
    }
  }
}

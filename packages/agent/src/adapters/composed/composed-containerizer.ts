/** Several containerizers as one: each task goes to the one that suits it, whatever else works or does not. */
import type { HeldImage } from '@stadion/contract/images';
import type { ContainerInfo } from '@stadion/contract/mesos';
import { describeError, type Logger } from '@stadion/base';
import { chooseContainerizer, type WorkingContainerizers } from '../../core/containerizer-choice.ts';
import type { ContainerExit, ContainerLimits, ContainerUsage, RecoveredContainer } from '../../core/container.ts';
import type {
  AttachOutcome,
  Containerizer,
  ContainerizerFingerprint,
  ContainerSpec,
  ExecOutcome,
  ExecRequest,
  LaunchFailure,
  LaunchOutcome,
  PrepareContext,
  PrepareSpec,
} from '../../ports/containerizer.ts';

/** Options of {@link createComposedContainerizer}. */
export interface ComposedContainerizerOptions {
  /** Best first: of those that run plain commands, the first that works does. */
  readonly containerizers: readonly Containerizer[];
  readonly log: Logger;
}

/** Puts containerizers together. One that does not work is left out, with its reason in the fingerprint. */
export function createComposedContainerizer(options: ComposedContainerizerOptions): Containerizer {
  return new ComposedContainerizer(options);
}

class ComposedContainerizer implements Containerizer {
  readonly name: string;
  private readonly parts: readonly Containerizer[];
  private readonly log: Logger;
  private readonly owners = new Map<string, Containerizer>();
  private readonly partOf = new Map<string, Containerizer>();
  private working: WorkingContainerizers = { names: [] };

  constructor(options: ComposedContainerizerOptions) {
    this.parts = options.containerizers;
    this.log = options.log;
    this.name = this.parts.map((part) => part.name).join(', ');
  }

  async fingerprint(): Promise<ContainerizerFingerprint> {
    const names: string[] = [];
    const problems: Record<string, string> = {};
    this.partOf.clear();
    for (const part of this.parts) {
      const found = await part.fingerprint().catch((error: unknown): ContainerizerFingerprint => {
        return { containerizers: [], problem: describeError(error) };
      });
      for (const name of found.containerizers) this.partOf.set(name, part);
      names.push(...found.containerizers);
      if (found.containerizers.length === 0) problems[part.name] = found.problem ?? 'it does not say why';
    }
    this.working = { names, problems };
    const problem = Object.entries(problems).map(([name, reason]) => `${name}: ${reason}`);
    return { containerizers: names, problems, ...(problem.length === 0 ? {} : { problem: problem.join('; ') }) };
  }

  async recover(onExit: (containerId: string, exit: ContainerExit) => void): Promise<readonly RecoveredContainer[]> {
    const recovered: RecoveredContainer[] = [];
    for (const part of this.parts) {
      const found = await part
        .recover((containerId, exit) => onExit(containerId, exit))
        .catch((error: unknown) => {
          // What works has to know its containers; what does not may at least try.
          if (this.isWorking(part)) throw error;
          this.log.warn({ containerizer: part.name, error: describeError(error) }, 'its containers cannot be found');
          return [];
        });
      for (const each of found) this.owners.set(each.containerId, part);
      recovered.push(...found);
    }
    return recovered;
  }

  async prepare(spec: PrepareSpec, context: PrepareContext): Promise<LaunchFailure | undefined> {
    const part = this.choose(spec.container);
    return 'message' in part ? part : part.prepare?.(spec, context);
  }

  async images(): Promise<readonly HeldImage[]> {
    const lists = this.parts.filter((part) => this.isWorking(part)).map((part) => this.imagesOf(part));
    return (await Promise.all(lists)).flat();
  }

  async pruneImages(excluded: readonly string[]): Promise<void> {
    for (const part of this.parts) if (this.isWorking(part)) await part.pruneImages?.(excluded);
  }

  async launch(spec: ContainerSpec): Promise<LaunchOutcome> {
    const part = this.choose(spec.container, spec.pod?.info);
    if ('message' in part) return part;
    this.owners.set(spec.containerId, part);
    const outcome = await part.launch(spec);
    if (!outcome.ok) this.owners.delete(spec.containerId);
    return outcome;
  }

  async exec(containerId: string, request: ExecRequest): Promise<ExecOutcome> {
    const owner = this.owners.get(containerId);
    if (owner === undefined) return { ok: false, message: 'The container does not run' };
    if (owner.exec === undefined) {
      return { ok: false, message: `Nothing can be run inside containers of ${owner.name}` };
    }
    return owner.exec(containerId, request);
  }

  writtenDirectories(containerId: string): readonly string[] {
    return this.owners.get(containerId)?.writtenDirectories?.(containerId) ?? [];
  }

  async attach(containerId: string): Promise<AttachOutcome> {
    const owner = this.owners.get(containerId);
    const outcome = await owner?.attach?.(containerId);
    return outcome ?? { ok: false, message: `Containers of ${owner?.name ?? 'nobody'} take no input` };
  }

  kill(containerId: string, graceMs: number): void {
    this.owners.get(containerId)?.kill(containerId, graceMs);
  }

  async update(containerId: string, limits: ContainerLimits): Promise<void> {
    await this.owners.get(containerId)?.update?.(containerId, limits);
  }

  async usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    const parts = await Promise.all(
      this.parts.filter((part) => this.isWorking(part)).map((part) => this.usageOf(part)),
    );
    return new Map(parts.flatMap((usage) => [...usage]));
  }

  async remove(containerId: string): Promise<void> {
    const owner = this.owners.get(containerId);
    this.owners.delete(containerId);
    // Nobody's: whoever has something left of it removes that.
    await Promise.all((owner === undefined ? this.parts : [owner]).map((part) => part.remove(containerId)));
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.close()));
  }

  private choose(container: ContainerSpec['container'], pod?: ContainerInfo): Containerizer | LaunchFailure {
    const choice = chooseContainerizer(container, this.working, pod);
    if (!choice.ok) return choice;
    const part = this.partOf.get(choice.name);
    return part ?? { ok: false, message: `The containerizer ${choice.name} is not there` };
  }

  private isWorking(part: Containerizer): boolean {
    return [...this.partOf.values()].includes(part);
  }

  /** One that cannot be asked at the moment does not keep the others from answering. */
  private async imagesOf(part: Containerizer): Promise<readonly HeldImage[]> {
    try {
      return (await part.images?.()) ?? [];
    } catch (error) {
      this.log.warn({ containerizer: part.name, error: describeError(error) }, 'its images could not be listed');
      return [];
    }
  }

  /** One that cannot measure at the moment does not keep the others from it. */
  private usageOf(part: Containerizer): Promise<ReadonlyMap<string, ContainerUsage>> {
    return part.usage().catch((error: unknown) => {
      this.log.warn({ containerizer: part.name, error: describeError(error) }, 'it could not measure its containers');
      return new Map<string, ContainerUsage>();
    });
  }
}

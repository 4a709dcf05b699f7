/**
 * Keeps the records of one cluster: from whole snapshots, and from single changes between them. Only tasks that may be
 * served have names: they run, are not known to be unhealthy or draining, and nobody took them out of rotation.
 */
import type { Agent, Cluster, Framework, RunningTask } from './cluster.ts';
import { RecordBook } from './record-book.ts';
import {
  addressRecords,
  agentRecords,
  frameworkRecords,
  masterRecords,
  taskRecords,
  type NamingRules,
} from './records.ts';
import { isSameData } from './same.ts';

const MASTERS = 'masters';
const SERVER = 'server';
const taskOwner = (id: string): string => `task ${id}`;
const agentOwner = (id: string): string => `agent ${id}`;
const frameworkOwner = (id: string): string => `framework ${id}`;

/** Removals that are remembered, so that an older snapshot does not bring them back. */
const GONE_MAX = 10_000;

/** The keeper of one zone. */
export class ZoneKeeper {
  readonly book = new RecordBook();
  readonly rules: NamingRules;
  private running = new Map<string, RunningTask>();
  private agents = new Map<string, Agent>();
  private frameworks = new Map<string, Framework>();
  private serving: ReadonlyMap<string, boolean> = new Map();
  /** Frameworks whose orchestrator says of its tasks whether they serve. */
  private readonly telling = new Set<string>();
  /** Tasks of such a framework that came after it was known, and of which nothing was said yet. */
  private readonly awaited = new Set<string>();
  /** Whether the next snapshot is the first since the orchestrator was asked for everything. */
  private isFirstSnapshot = true;
  private readonly outOfRotation = new Set<string>();
  private readonly gone = new Map<string, number>();

  /** @param server name and addresses of the name server itself */
  constructor(rules: NamingRules, server: { readonly name: string; readonly addresses: readonly string[] }) {
    this.rules = rules;
    this.book.set(SERVER, addressRecords(server.name, server.addresses));
  }

  /** Every running task, served or not. */
  get tasks(): ReadonlyMap<string, RunningTask> {
    return this.running;
  }

  frameworkName(task: RunningTask): string {
    return this.frameworks.get(task.frameworkId)?.name ?? '';
  }

  /** What is known of a task, when that says the same: so that only one of both is kept. */
  asKnown(task: RunningTask): RunningTask {
    const known = this.running.get(task.id);
    return known !== undefined && isSameData(known, task) ? known : task;
  }

  /** Takes a snapshot over at once. */
  replace(cluster: Cluster, askedAt: number): void {
    const steps = this.takeOver(cluster, askedAt);
    while (steps.next().done !== true);
  }

  /**
   * Takes a snapshot over in small steps: between two of them others may ask, and single changes may come.
   * @param askedAt when it was asked for: what was seen to end since then has ended, whatever the snapshot says
   */
  *takeOver(cluster: Cluster, askedAt: number): Generator<undefined, void> {
    for (const [id, at] of this.gone) if (at < askedAt) this.gone.delete(id);
    const { agents, frameworks, running } = this;
    this.agents = merge(agents, cluster.agents);
    this.frameworks = merge(frameworks, cluster.frameworks);
    this.running = merge(
      running,
      cluster.tasks.filter(({ id }) => !this.gone.has(id)),
    );
    this.book.set(MASTERS, masterRecords(cluster, this.rules));
    for (const agent of this.agents.values()) {
      if (agents.get(agent.id) === agent) continue;
      this.book.set(agentOwner(agent.id), agentRecords(agent, this.rules));
      yield;
    }
    for (const framework of this.frameworks.values()) {
      if (frameworks.get(framework.id) === framework) continue;
      this.book.set(frameworkOwner(framework.id), frameworkRecords(framework, this.rules));
    }
    for (const { id, frameworkId } of this.running.values()) if (this.serving.has(id)) this.telling.add(frameworkId);
    // What was there when the orchestrator was asked, and it did not name, it never names.
    if (!this.isFirstSnapshot) {
      for (const task of this.running.values()) if (!running.has(task.id)) this.awaitWord(task);
    }
    this.isFirstSnapshot = false;
    // Most tasks are as they were: to find that out is a tenth of the work of writing their records again.
    for (const task of this.running.values()) {
      const isAsBefore =
        running.get(task.id) === task &&
        agents.get(task.agentId) === this.agents.get(task.agentId) &&
        frameworks.get(task.frameworkId) === this.frameworks.get(task.frameworkId);
      if (!isAsBefore) this.publish(task);
      yield;
    }
    for (const id of agents.keys()) if (!this.agents.has(id)) this.book.set(agentOwner(id), []);
    for (const id of frameworks.keys()) if (!this.frameworks.has(id)) this.book.set(frameworkOwner(id), []);
    for (const id of running.keys()) {
      if (!this.running.has(id)) {
        this.awaited.delete(id);
        this.book.set(taskOwner(id), []);
      }
      yield;
    }
  }

  /** A task that runs, or runs with other addresses or health than before. False when its agent is not known yet. */
  setTask(task: RunningTask): boolean {
    if (!this.agents.has(task.agentId) || !this.frameworks.has(task.frameworkId)) return false;
    this.gone.delete(task.id);
    if (!this.running.has(task.id)) this.awaitWord(task);
    this.running.set(task.id, task);
    this.publish(task);
    return true;
  }

  /** A task that has ended, or is being ended. */
  removeTask(id: string, at: number): void {
    if (this.gone.size >= GONE_MAX) this.gone.clear();
    this.gone.set(id, at);
    this.awaited.delete(id);
    if (!this.running.delete(id)) return;
    this.book.set(taskOwner(id), []);
  }

  /**
   * What the orchestrator says of its tasks. Those that it does not name are judged by their health alone, save those that
   * came since it was first asked: of them it is yet to say something.
   * @param isAll it was asked anew, and this is all that it has to say
   */
  setServing(serving: ReadonlyMap<string, boolean>, isAll = false): void {
    const before = this.serving;
    this.serving = serving;
    this.isFirstSnapshot ||= isAll;
    for (const task of this.running.values()) {
      const isAwaited = this.awaited.has(task.id);
      if (isAll || serving.has(task.id)) this.awaited.delete(task.id);
      const wasAwaited = isAwaited && !this.awaited.has(task.id);
      if (wasAwaited || before.get(task.id) !== serving.get(task.id)) this.publish(task);
    }
  }

  /** By hand: a task keeps running, and has no names. True when such a task runs. */
  setRotation(id: string, isInRotation: boolean): boolean {
    if (isInRotation) this.outOfRotation.delete(id);
    else this.outOfRotation.add(id);
    const task = this.running.get(id);
    if (task !== undefined) this.publish(task);
    return task !== undefined;
  }

  /** Tasks that are out of rotation by hand. */
  rotation(): string[] {
    return [...this.outOfRotation];
  }

  /** Why a running task has no names; undefined when it has. */
  whyNot(task: RunningTask): string | undefined {
    if (this.outOfRotation.has(task.id)) return 'taken out of rotation by hand';
    const serving = this.serving.get(task.id);
    if (serving === false) return 'the orchestrator says that it does not serve';
    if (serving === undefined && this.awaited.has(task.id)) return 'the orchestrator has not said yet that it serves';
    if (serving === undefined && task.healthy === false) return 'it is not healthy';
    if (!this.agents.has(task.agentId)) return 'its agent is not known';
    return undefined;
  }

  private awaitWord({ id, frameworkId }: RunningTask): void {
    if (this.telling.has(frameworkId) && !this.serving.has(id)) this.awaited.add(id);
  }

  private publish(task: RunningTask): void {
    const framework = this.frameworks.get(task.frameworkId);
    const agent = this.agents.get(task.agentId);
    const isServed = framework !== undefined && agent !== undefined && this.whyNot(task) === undefined;
    this.book.set(taskOwner(task.id), isServed ? taskRecords(task, framework, agent, this.rules) : []);
  }
}

/** What is there now, by id; what says the same as before stays the object that it was. */
function merge<Item extends { readonly id: string }>(
  before: ReadonlyMap<string, Item>,
  now: readonly Item[],
): Map<string, Item> {
  return new Map(
    now.map((item) => {
      const known = before.get(item.id);
      return [item.id, known !== undefined && isSameData(known, item) ? known : item];
    }),
  );
}

/** The records that one task brings. */
export function recordsOfTask(keeper: ZoneKeeper, taskId: string) {
  return keeper.book.recordsOf(taskOwner(taskId));
}

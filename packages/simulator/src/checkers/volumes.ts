/** Invariant 11: a volume goes with one instance, on one machine; its data is lost only to a wipe; none is left behind. */
import { launchedTasks } from '@stadion/contract/mesos';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { StartedContainer, UsedVolume } from '../started-container.ts';
import type { PromiseBook } from '../promises.ts';
import type { Checker, Violate } from './checker.ts';

/** A volume that was used by a task of which the orchestrator has heard. */
interface Held {
  readonly instanceId: string;
  readonly machine: Machine;
  readonly volume: UsedVolume;
}

/** Watches what containers are started on, and every volume that may hold something. */
export function volumesChecker(world: World, promises: PromiseBook, violate: Violate): Checker {
  /** The instance that a volume belongs to for ever, by the volume's id. */
  const owners = new Map<string, string>();
  /** Started, and not heard of yet, by task id. */
  const started = new Map<string, StartedContainer>();
  /** What may hold data, by the volume's id. */
  const held = new Map<string, Held>();
  /** The app of every instance that was launched on a volume. It may be deleted, and be there again, before the start. */
  const apps = new Map<string, string>();
  /** Ids of instances whose app somebody has deleted. */
  const givenUp = new Set<string>();
  /** The version of the root, and the number of apps, when deleted apps were last looked for. */
  let lookedAt = { version: '', apps: 0 };

  return {
    onCall(call) {
      const view = world.controlPlane?.engine.view;
      if (call.type !== 'ACCEPT' || view === undefined) return;
      for (const { task_id } of call.accept.operations.flatMap(launchedTasks)) {
        const instance = view.instanceByTaskId(task_id.value);
        if (instance?.reservation !== undefined) apps.set(instance.id, instance.appId);
      }
    },
    onStart(container) {
      if (container.volumes.length === 0) return;
      started.set(container.taskId, container);
      const instanceId = instanceOf(container.taskId);
      apps.set(instanceId, container.appId);
      for (const { id } of container.volumes) {
        const owner = owners.get(id) ?? instanceId;
        owners.set(id, owner);
        if (owner !== instanceId) violate(`${container.taskId} starts on the volume ${id}, which is of ${owner}`);
      }
      judgeNeighbours(container);
      judgeReturn(container, instanceId);
    },
    onEvent(event) {
      if (event.type !== 'UPDATE' || event.update.status.state !== 'TASK_RUNNING') return;
      const container = started.get(event.update.status.task_id.value);
      const machine = container && world.machineNamed(container.machine);
      for (const volume of container?.volumes ?? []) {
        if (machine === undefined || container === undefined || held.has(volume.id)) continue;
        const { taskId } = container;
        held.set(volume.id, { instanceId: instanceOf(taskId), machine, volume });
      }
    },
    afterEvent() {
      const root = world.controlPlane?.engine.view.root;
      if (root !== undefined && (root.version !== lookedAt.version || apps.size !== lookedAt.apps)) {
        lookedAt = { version: root.version, apps: apps.size };
        for (const [instanceId, appId] of apps) if (root.spec(appId) === undefined) givenUp.add(instanceId);
      }
      for (const [id, { instanceId, machine, volume }] of held) {
        if (machine.makingOf(id) === volume.making) continue;
        held.delete(id);
        if (givenUp.has(instanceId) || promises.wipesAsked.has(instanceId)) continue;
        violate(`the volume ${id} of ${instanceId} is gone, and nobody asked for that`);
      }
    },
    pending() {
      for (const leftover of leftovers()) return leftover;
      return undefined;
    },
    atEnd() {
      for (const leftover of leftovers()) violate(leftover);
    },
  };

  /** One volume is not used by two tasks at a time, save those of one launch of a pod. */
  function judgeNeighbours(newcomer: StartedContainer): void {
    const machine = world.machines.find(({ name }) => name === newcomer.machine);
    for (const other of machine?.running() ?? []) {
      if (launchOf(other.taskId) === launchOf(newcomer.taskId)) continue;
      const shared = other.volumes.find(({ id }) => newcomer.volumes.some((volume) => volume.id === id));
      if (shared !== undefined) violate(`${newcomer.taskId} and ${other.taskId} run on the volume ${shared.id}`);
    }
  }

  /** An instance that has written somewhere comes back there. */
  function judgeReturn(container: StartedContainer, instanceId: string): void {
    for (const [id, before] of held) {
      if (before.instanceId !== instanceId) continue;
      const isThere = container.volumes.some((volume) => volume.id === id && volume.making === before.volume.making);
      if (!isThere) violate(`${container.taskId} starts without the volume ${id} that it had before`);
    }
  }

  /** Sentences on volumes and reservations that no instance has, or more of them than it needs. */
  function* leftovers(): Generator<string> {
    const { engine, master } = world.controlPlane ?? {};
    if (engine === undefined) return;
    const wanted = new Map<string, string>();
    /** What instances with volumes need for themselves, thousandths of a cpu. */
    const needs = new Map<string, number>();
    for (const spec of engine.view.root.specs()) {
      for (const { id, appVersion, reservation } of engine.view.instances(spec.id)) {
        // One that is kept for later has what its own version needs, until it runs as another.
        const { cpus } = engine.view.root.appAtVersion(spec.id, appVersion) ?? spec;
        if ((reservation?.volumes.length ?? 0) > 0) needs.set(id, Math.round(Math.max(cpus, spec.cpus) * 1000));
        for (const { persistenceId } of reservation?.volumes ?? []) wanted.set(persistenceId, id);
      }
    }
    const made = new Set(world.machines.flatMap((machine) => machine.volumeIds()));
    for (const id of made) if (!wanted.has(id)) yield `the volume ${id} is there, and no instance has it`;
    for (const [id, instanceId] of wanted) {
      if (!made.has(id)) yield `${instanceId} has the volume ${id}, which is nowhere`;
    }
    for (const { id, total } of master?.view?.agents.values() ?? []) {
      const reserved = new Map<string, number>();
      for (const { reservations, cpus } of total.held.values()) {
        // A disk of its own that anybody may have.
        if (reservations.length === 0) continue;
        const instanceId =
          reservations.at(-1)?.labels?.labels.find(({ key }) => key === 'marathon_task_id')?.value ?? '';
        reserved.set(instanceId, (reserved.get(instanceId) ?? 0) + cpus);
      }
      for (const [instanceId, cpus] of reserved) {
        const needed = needs.get(instanceId);
        const has = `${id} has ${String(cpus)} thousandths of a cpu reserved for ${instanceId}`;
        if (needed === undefined) yield `${id} has resources reserved for ${instanceId}, which there is not`;
        else if (cpus > needed) yield `${has}, which needs ${String(needed)}`;
      }
    }
  }
}

function instanceOf(taskId: string): string {
  return /^(.*)\.[^.]+\.\d+$/.exec(taskId)?.[1] ?? taskId;
}

/** What all tasks of one launch of a pod have in common. */
function launchOf(taskId: string): string {
  return `${instanceOf(taskId)} ${taskId.slice(taskId.lastIndexOf('.'))}`;
}

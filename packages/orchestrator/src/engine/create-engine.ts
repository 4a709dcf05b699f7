/** Puts the engine together: what is wanted and what is in memory, a journal between them and the world, and turns. */
import { describeError, every, type Clock, type Timers } from '@stadion/base';
import { GroupCommit } from '@stadion/store';
import type { AgentPlace } from '../core/instance.ts';
import type { EngineView, OrchestratorEngine } from '../engine.ts';
import { Commands } from './commands.ts';
import { DEFAULT_ENGINE_CONFIG, type EngineConfig } from './config.ts';
import { Convergence } from './convergence.ts';
import { Counters } from './counters.ts';
import { DeployPolicies } from './deploy-policies.ts';
import { DeploymentArchive } from './deployment-archive.ts';
import { DeploymentJudge } from './deployment-judge.ts';
import { Deployments } from './deployments.ts';
import { MemoryView } from './engine-view.ts';
import { describeLaunch } from './describe-launch.ts';
import { ListenerFeed } from './event-feed.ts';
import { DrainWatch } from './drain-watch.ts';
import type { Engine, EngineOptions } from './engine-options.ts';
import { Fleet } from './fleet.ts';
import { FrameworkRoles, rolesInUse } from './framework-roles.ts';
import { Journal } from './journal.ts';
import { Killer } from './killer.ts';
import { LaunchMaker } from './launch-maker.ts';
import { LaunchQueue } from './launch-queue.ts';
import { LaunchWatch } from './launch-watch.ts';
import { Launcher } from './launcher.ts';
import { Lifecycle } from './lifecycle.ts';
import { loadState } from './load.ts';
import { MasterEvents } from './master-events.ts';
import { MasterLink } from './master-link.ts';
import { OfferAppetite } from './offer-appetite.ts';
import { OfferPool } from './offer-pool.ts';
import { PostponedLooks } from './postponed-looks.ts';
import { Rebalancer } from './rebalancer.ts';
import { Reconciler } from './reconciler.ts';
import { resumeWatches, watchUnreachable } from './resume.ts';
import { ReservationKeeper } from './reservation-keeper.ts';
import { RootChanges } from './root-changes.ts';
import { RootState } from './root-state.ts';
import { StatusHandler } from './status-handler.ts';
import { Turns } from './turns.ts';
import { UnreachableWatch } from './unreachable-watch.ts';

/** Makes an engine; nothing happens before `start`. */
export function createEngine(options: EngineOptions): Engine {
  return new RunningEngine(options);
}

class RunningEngine implements Engine {
  readonly view: EngineView;
  readonly events: ListenerFeed;
  readonly moves: Rebalancer;
  readonly changeRoot: OrchestratorEngine['changeRoot'];
  readonly planChange: OrchestratorEngine['planChange'];
  readonly killInstances: OrchestratorEngine['killInstances'];
  readonly cancelDeployment: OrchestratorEngine['cancelDeployment'];
  readonly resetDelay: OrchestratorEngine['resetDelay'];
  readonly controlDeployment: OrchestratorEngine['controlDeployment'];
  readonly freezeInstance: OrchestratorEngine['freezeInstance'];
  readonly setPolicy: OrchestratorEngine['setPolicy'];

  private readonly options: EngineOptions;
  private readonly config: EngineConfig;
  private readonly time: Clock & Timers;
  private readonly turns: Turns;
  private readonly journal: Journal;
  private groupCommit: GroupCommit;
  private readonly root: RootState;
  private readonly fleet: Fleet;
  private readonly link: MasterLink;
  private readonly killer: Killer;
  private readonly launchWatch: LaunchWatch;
  private readonly unreachableWatch: UnreachableWatch;
  private readonly drainWatch: DrainWatch;
  private readonly reservations: ReservationKeeper;
  private readonly launcher: Launcher;
  private readonly lifecycle: Lifecycle;
  private readonly convergence: Convergence;
  private readonly deployments: Deployments;
  private readonly judge: DeploymentJudge;
  private readonly archive: DeploymentArchive;
  private readonly policies: DeployPolicies;
  private readonly reconciler: Reconciler;
  private readonly statuses: StatusHandler;
  private readonly commands: Commands;
  /** What waits for something, and has to be told when it is over. */
  private readonly watching: readonly { stop(): void }[];
  private readonly places = new Map<string, AgentPlace>();
  private readonly damaged = new Set<string>();
  private readonly damagedApps = new Set<string>();
  private periodic: { cancel(): void } | undefined;
  private isStopped = false;

  constructor(options: EngineOptions) {
    this.options = options;
    const { clock, timers, random, log, connection } = options;
    const config = { ...DEFAULT_ENGINE_CONFIG, ...options.config };
    const time: Clock & Timers = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, callback) => timers.after(delayMs, callback),
    };
    this.config = config;
    this.time = time;
    const turn = (work: () => void): void => {
      this.turns.run(work);
    };
    const newGroupCommit = (): GroupCommit => {
      return new GroupCommit({ store: options.store, epoch: options.epoch, timers: time });
    };
    this.groupCommit = newGroupCommit();
    const counters = new Counters();
    const feed = new ListenerFeed();
    this.events = feed;
    this.turns = new Turns(
      () => {
        this.concludeTurn();
      },
      (error) => {
        this.fail(error);
      },
    );
    const journal = new Journal({
      timers: time,
      commit: (operations) => this.groupCommit.submit(operations),
      restart: () => {
        this.groupCommit = newGroupCommit();
      },
      send: (call) => {
        this.link.deliver(call);
      },
      publish: (event, roots) => {
        feed.publish(event, roots);
      },
      failed: (error) => {
        this.fail(error);
      },
      relieved: () => {
        this.link.resume();
        this.launcher.resume();
      },
      stuck: () => {
        this.commands.storeIsFull();
      },
    });
    this.journal = journal;
    const root = new RootState(journal);
    this.root = root;
    const fleet = new Fleet({ journal, feed, root, clock });
    this.fleet = fleet;
    const postponed = new PostponedLooks({ timers: time, fleet, turn });
    const roles = new FrameworkRoles({ config, inUse: () => rolesInUse(root, fleet, this.reservations) });
    const link = new MasterLink({ connection, time, config, roles, journal, log, counters, turn });
    this.link = link;
    const killer = new Killer({ time, config, fleet, link, counters, turn });
    this.killer = killer;
    const launchWatch = new LaunchWatch({ time, config, fleet, link, turn });
    this.launchWatch = launchWatch;
    const unreachableWatch = new UnreachableWatch({ time, fleet, root, turn });
    this.unreachableWatch = unreachableWatch;
    const drainWatch = new DrainWatch({ time, fleet, turn, unusedTasks: options.unusedTasks });
    this.drainWatch = drainWatch;
    const queue = new LaunchQueue({ time, fleet, root, turn });
    const { damaged } = this;
    const reservations = new ReservationKeeper({ journal, fleet, time, log, damaged, turn });
    this.reservations = reservations;
    const moves = new Rebalancer({
      time,
      random: random.stream('rebalances'),
      fleet,
      root,
      isLocked: (appId) => this.deployments.holding(appId) !== undefined,
      isDeparting: (agentId) => this.convergence.isDeparting(agentId),
      turn,
    });
    this.moves = moves;
    const pool = new OfferPool(this.places, config);
    const taskRandom = random.stream('tasks');
    const placementRandom = random.stream('placement');
    const appetite = new OfferAppetite({ time, config, roles, link, queue, reservations, turn });
    this.launcher = new Launcher({
      time,
      random: placementRandom,
      config,
      journal,
      queue,
      pool,
      reservations,
      link,
      appetite,
      counters,
      turn,
      moreToCome: () => postponed.areDue,
      moves,
      maker: new LaunchMaker({
        clock,
        random: random.stream('volumes'),
        fleet,
        queue,
        pool,
        link,
        launchWatch,
        counters,
        describe: (launch) => describeLaunch(launch, link.frameworkId ?? '', taskRandom),
      }),
    });
    const judge = new DeploymentJudge({ time, root, turn });
    this.judge = judge;
    const archive = new DeploymentArchive(journal);
    this.archive = archive;
    const policies = new DeployPolicies(journal, clock);
    this.policies = policies;
    const lifecycle = new Lifecycle({
      fleet,
      root,
      killer,
      launchWatch,
      unreachableWatch,
      drainWatch,
      reservations,
      config,
      clock,
      random: random.stream('instance-ids'),
      counters,
      isLocked: (appId) => this.deployments.holding(appId) !== undefined,
      failed: (failure) => {
        this.deployments.failed(failure);
      },
    });
    this.lifecycle = lifecycle;
    const convergence = new Convergence({
      fleet,
      root,
      lifecycle,
      moves,
      postponed,
      clock,
    });
    this.convergence = convergence;
    const deployments = new Deployments({
      journal,
      feed,
      fleet,
      root,
      queue,
      convergence,
      clock,
      counters,
      judge,
      archive,
      damagedApps: this.damagedApps,
      isSettled: (appId) => this.reconciler.isSettled(appId),
    });
    this.deployments = deployments;
    this.reconciler = new Reconciler({ time, config, fleet, link, turn });
    const watches = [launchWatch, unreachableWatch, drainWatch];
    this.watching = [killer, ...watches, moves, reservations, judge, queue, appetite, this.reconciler];
    this.statuses = new StatusHandler({
      reservations,
      fleet,
      root,
      link,
      journal,
      feed,
      lifecycle,
      launchWatch,
      unreachableWatch,
      clock,
      counters,
      damaged: this.damaged,
    });
    const changes = new RootChanges({
      fleet,
      root,
      deployments,
      config,
      policies,
      lastOffers: () => pool.lastOffers(),
      clock,
      random: random.stream('deployment-ids'),
    });
    const commands = new Commands({
      journal,
      feed,
      fleet,
      root,
      deployments,
      changes,
      policies,
      lifecycle,
      queue,
      clock,
      turn,
    });
    this.commands = commands;
    this.view = new MemoryView({ root, fleet, deployments, archive, policies, queue, link, counters, clock });
    this.changeRoot = (change, changeOptions) => commands.changeRoot(change, changeOptions);
    this.planChange = (change) => commands.planChange(change);
    this.killInstances = (instanceIds, killOptions) => commands.killInstances(instanceIds, killOptions);
    this.cancelDeployment = (id, cancelOptions) => commands.cancelDeployment(id, cancelOptions);
    this.resetDelay = (appId) => commands.resetDelay(appId);
    this.controlDeployment = (id, action, by) => commands.controlDeployment(id, action, by);
    this.freezeInstance = (instanceId) => commands.freezeInstance(instanceId);
    this.setPolicy = (groupId, policy) => commands.setPolicy(groupId, policy);
  }

  async start(): Promise<void> {
    const { store, log } = this.options;
    const { root, fleet, deployments, archive, policies, link, places, damaged, damagedApps } = this;
    const parts = { root, fleet, reservations: this.reservations, deployments, archive, policies, link };
    await loadState({ store, log, ...parts, places, damaged, damagedApps });
    if (this.isStopped) return;
    const drains = { watch: this.drainWatch, times: this.lifecycle };
    resumeWatches(fleet, this.killer, this.launchWatch, drains, this.time.now());
    this.drainWatch.start((instance) => {
      this.lifecycle.endNow(instance);
    });
    this.unreachableWatch.start((instance) => {
      this.lifecycle.expunge(instance);
    });
    this.launchWatch.start((instance) => {
      log.warn({ instanceId: instance.id }, 'a task has not come up in time and is killed');
      this.lifecycle.killTask(instance);
    });
    this.reconciler.start((appId) => {
      watchUnreachable(fleet.find(appId), this.unreachableWatch);
      fleet.dirty.add(appId);
    });
    this.periodic = every(this.time, this.config.scaleAppsIntervalMs, () => {
      this.turns.run(() => {
        fleet.lookAtAll();
      });
    });
    this.commands.open();
    this.turns.run(() => {
      fleet.lookAtAll();
    });
    const { time, journal, events, killer, launcher, reconciler, statuses } = this;
    this.link.start(
      new MasterEvents({
        clock: time,
        log,
        journal,
        feed: events,
        link,
        killer,
        launcher,
        reconciler,
        statuses,
        fail: (error) => {
          this.fail(error);
        },
      }),
    );
  }

  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.end();
    await this.journal.idle();
    this.journal.close();
    this.commands.close();
    this.link.stop();
  }

  emptyAgents(agentIds: ReadonlySet<string>): void {
    if (this.isStopped) return;
    this.turns.run(() => {
      this.convergence.empty(agentIds);
    });
  }

  /** Draws the consequences of a turn and hands its changes over. */
  private concludeTurn(): void {
    this.commands.carryOutVerdicts(this.judge.take());
    this.convergence.beginTurn();
    this.deployments.advance();
    this.launcher.demandChanged();
    this.killer.pump();
    this.journal.flush();
  }

  private fail(error: unknown): void {
    if (this.isStopped) return;
    this.options.log.error({ error: describeError(error) }, 'the engine cannot go on');
    this.end();
    this.journal.close();
    this.commands.close();
    this.link.stop();
    this.options.onFatal(error);
  }

  private end(): void {
    this.isStopped = true;
    this.turns.end();
    this.periodic?.cancel();
    for (const part of this.watching) part.stop();
  }
}

/** The cluster ledger: one synchronous state machine that is told what happened and answers what to do. */
import { assertNever } from '@stadion/base';
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import type { AgentMessage } from '@stadion/contract/agent-link';
import type { MasterInfo, SchedulerCall } from '@stadion/contract/mesos';
import type { MasterConfig } from '../../config.ts';
import { UNREGISTERED_LINK_MS_MAX } from '../../limits.ts';
import { allocate, resumeAllocation } from '../allocation/allocator.ts';
import { accept, decline, sendCheckpointed } from './accept.ts';
import { applySettings, bindRoles, takeMachinesDown } from './cluster-settings.ts';
import { count } from './counters.ts';
import type { LedgerInput, LedgerOutput, RegisteredAgent, RegistryChange } from './exchange.ts';
import { executorExited, executorSays, shutDownExecutor, tellExecutor } from './executors.ts';
import {
  disconnectFramework,
  expireFrameworks,
  removeFramework,
  revive,
  subscribe,
  suppress,
  updateFramework,
} from './frameworks.ts';
import { takeBackHoarded } from './hoarded-offers.ts';
import { answerInverseOffers, sendInverseOffers } from './inverse-offers.ts';
import {
  acknowledgeOperation,
  confirmOperations,
  reconcileOperations,
  repeatOperations,
} from './operation-feedback.ts';
import { closeLink } from './links.ts';
import { operate } from './operator-operations.ts';
import { answerOrders, order, placeOrders } from './operator-orders.ts';
import { answerMore, kill, reconcile } from './reconciliation.ts';
import { admitted, register } from './registration.ts';
import { forgetOldAgents, linkClosed, markedGone, markedUnreachable, unregister } from './removal.ts';
import { oversubscribe } from './oversubscription.ts';
import { probed } from './second-path.ts';
import { removeSilentAgents } from './silence.ts';
import { ClusterState, type ClusterView } from './state.ts';
import { acknowledge, statusUpdate } from './updates.ts';
import { keepUp, treated } from './upkeep.ts';

/** Holds the state of one master and applies one input at a time. */
export class Ledger {
  private readonly state: ClusterState;

  /**
   * @param known the registry's list as it was loaded
   * @param settings what operators have decided
   * @param now wall clock and `elapsed` monotonic clock at the start, milliseconds
   */
  constructor(
    master: MasterInfo,
    config: MasterConfig,
    known: readonly RegisteredAgent[],
    settings: ClusterSettings,
    now: number,
    elapsed: number,
  ) {
    this.state = new ClusterState(master, config, now, elapsed);
    this.state.settings = settings;
    bindRoles(this.state);
    for (const agent of known) {
      if (agent.upkeep !== undefined) this.state.upkeep.set(agent.id, agent.upkeep);
      if (agent.state === 'unreachable') this.state.unreachable.set(agent.id, agent);
      else if (agent.state === 'gone') this.state.gone.set(agent.id, agent);
      else {
        const until = elapsed + config.agentReregisterTimeoutMs;
        this.state.recovered.set(agent.id, { id: agent.id, info: agent.info, until });
      }
    }
  }

  /** The state, for reading between two inputs. */
  get view(): ClusterView {
    return this.state;
  }

  /** Whether changes of the cluster are told (`change` outputs). */
  set isWatched(isWatched: boolean) {
    this.state.isWatched = isWatched;
  }

  /** Whether agents can be asked at their own address (`probe` outputs). */
  set hasSecondPath(hasSecondPath: boolean) {
    this.state.hasSecondPath = hasSecondPath;
  }

  /** True while agents wait to be looked at by the allocator. */
  get allocationPending(): boolean {
    return this.state.allocation.pending;
  }

  /**
   * Applies one input.
   * @param now wall clock, milliseconds since the Unix epoch
   * @param elapsed monotonic clock, milliseconds
   * @returns what to do, in order
   */
  apply(input: LedgerInput, now: number, elapsed: number): readonly LedgerOutput[] {
    const { state } = this;
    state.now = now;
    state.elapsed = elapsed;
    this.dispatch(input);
    if (state.outputs.length === 0) return NO_OUTPUTS;
    const { outputs } = state;
    state.outputs = [];
    return outputs;
  }

  /** Something has come over a link, though its turn may be a while: whoever sent it lives. */
  heard(linkNumber: number): void {
    const link = this.state.links.get(linkNumber);
    if (link !== undefined) link.silentPings = 0;
  }

  private dispatch(input: LedgerInput): void {
    const { state } = this;
    switch (input.type) {
      case 'agent-message':
        this.agentMessage(input.link, input.message);
        return;
      case 'call':
        this.call(input.subscription, input.call);
        return;
      case 'link-opened':
        state.links.set(input.link, {
          number: input.link,
          openedAt: state.elapsed,
          agentId: undefined,
          silentPings: 0,
        });
        return;
      case 'link-closed':
        linkClosed(state, input.link);
        return;
      case 'subscribe':
        subscribe(state, input.subscription, input.call);
        return;
      case 'subscription-closed':
        disconnectFramework(state, input.subscription);
        return;
      case 'registry-applied':
        this.registryApplied(input.change);
        return;
      case 'mark-agent-gone':
        order(state, input.agentId, { type: 'mark-gone' }, input.order);
        return;
      case 'treat-agent':
        order(state, input.agentId, { type: 'treat', upkeep: input.upkeep }, input.order);
        return;
      case 'teardown': {
        const framework = state.frameworks.get(input.frameworkId);
        if (framework !== undefined) removeFramework(state, framework, 'an operator tore it down');
        return;
      }
      case 'operate':
        state.outputs.push({ type: 'operated', problem: operate(state, input.agentId, input.operation) });
        return;
      case 'settings':
        applySettings(state, input.settings);
        return;
      case 'tick':
        this.tick();
        return;
      case 'probed':
        probed(state, input.agentId, input.answer);
        return;
      case 'heartbeat':
        for (const framework of state.subscriptions.values()) state.toFramework(framework, { type: 'HEARTBEAT' });
        return;
      case 'ping':
        this.ping(input.after, input.limit);
        return;
      case 'allocate':
        allocate(state, input.limit);
        return;
      case 'answer':
        answerMore(state, input.frameworkId);
        return;
      default:
        assertNever(input, 'ledger input');
    }
  }

  private agentMessage(linkNumber: number, message: AgentMessage): void {
    const { state } = this;
    const link = state.links.get(linkNumber);
    if (link === undefined) return;
    link.silentPings = 0;
    if (message.type === 'REGISTER') {
      register(state, link, message);
      return;
    }
    const agent = link.agentId === undefined ? undefined : state.agents.get(link.agentId);
    if (agent?.link !== linkNumber) {
      if (message.type !== 'PONG') state.counters.droppedMessages += 1;
      return;
    }
    switch (message.type) {
      case 'STATUS_UPDATE':
        statusUpdate(state, agent, message);
        return;
      case 'OVERSUBSCRIBED':
        state.counters.messagesUpdateAgent += 1;
        oversubscribe(state, agent, message);
        return;
      case 'EXECUTOR_MESSAGE':
        executorSays(state, agent, message);
        return;
      case 'EXECUTOR_EXITED':
        executorExited(state, agent, message);
        return;
      case 'SUSPEND':
        agent.isSuspended = true;
        return;
      case 'UNREGISTER':
        unregister(state, agent);
        return;
      case 'PONG':
        confirmOperations(state, agent, message.checkpointed_version ?? 0, false);
        if ((message.checkpointed_version ?? 0) < agent.checkpointed.version) sendCheckpointed(state, agent);
        return;
      default:
        assertNever(message, 'agent message');
    }
  }

  private call(subscription: number, call: Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>): void {
    const { state } = this;
    const framework = state.subscriptions.get(subscription);
    if (framework?.id !== call.framework_id.value) {
      state.counters.droppedMessages += 1;
      state.log('info', { framework: call.framework_id.value, call: call.type }, 'A call of no subscribed framework');
      return;
    }
    count(framework.counters.calls, call.type);
    switch (call.type) {
      case 'ACCEPT':
        accept(state, framework, call.accept);
        return;
      case 'DECLINE':
        decline(state, framework, call.decline);
        return;
      case 'ACKNOWLEDGE':
        acknowledge(state, framework, call.acknowledge);
        return;
      case 'KILL':
        kill(state, framework, call.kill);
        return;
      case 'ACKNOWLEDGE_OPERATION_STATUS':
        acknowledgeOperation(state, framework, call.acknowledge_operation_status);
        return;
      case 'RECONCILE_OPERATIONS':
        reconcileOperations(state, framework, call.reconcile_operations);
        return;
      case 'REQUEST':
        // As in Mesos: who has which share decides what is offered.
        state.counters.messagesResourceRequest += 1;
        return;
      case 'MESSAGE':
        tellExecutor(state, framework, call.message);
        return;
      case 'SHUTDOWN':
        shutDownExecutor(state, framework, call.shutdown);
        return;
      case 'RECONCILE':
        reconcile(state, framework, call.reconcile);
        return;
      case 'ACCEPT_INVERSE_OFFERS':
        answerInverseOffers(state, framework, 'ACCEPT', call.accept_inverse_offers);
        return;
      case 'DECLINE_INVERSE_OFFERS':
        answerInverseOffers(state, framework, 'DECLINE', call.decline_inverse_offers);
        return;
      case 'UPDATE_FRAMEWORK':
        updateFramework(state, framework, call.update_framework);
        return;
      case 'REVIVE':
        revive(state, framework, call.revive?.roles ?? []);
        return;
      case 'SUPPRESS':
        suppress(state, framework, call.suppress?.roles ?? []);
        return;
      case 'TEARDOWN':
        removeFramework(state, framework, 'it asked for it');
        return;
      default:
        assertNever(call, 'scheduler call');
    }
  }

  private registryApplied(change: RegistryChange): void {
    const { state } = this;
    const orders = state.transitions.get(change.id)?.orders ?? [];
    this.takeChange(change);
    answerOrders(state, orders);
    placeOrders(state, change.id);
  }

  private takeChange(change: RegistryChange): void {
    const { state } = this;
    if (change.type === 'admit') {
      admitted(state, change.id, change.info);
      return;
    }
    const waiting = state.transitions.get(change.id)?.waiting;
    state.transitions.delete(change.id);
    if (change.type === 'mark-unreachable') {
      markedUnreachable(state, { id: change.id, info: change.info, state: 'unreachable', at: change.at });
    } else if (change.type === 'mark-gone') {
      markedGone(state, { id: change.id, info: change.info, state: 'gone', at: change.at });
    } else if (change.type === 'treat') treated(state, change);
    if (change.type === 'remove' || change.type === 'mark-gone') state.upkeep.delete(change.id);
    const link = waiting === undefined ? undefined : state.links.get(waiting.link);
    if (waiting !== undefined && link !== undefined) register(state, link, waiting.message);
  }

  private tick(): void {
    const { state } = this;
    state.allocation.expire(state.elapsed);
    expireFrameworks(state);
    removeSilentAgents(state);
    keepUp(state);
    forgetOldAgents(state);
    takeMachinesDown(state);
    sendInverseOffers(state);
    repeatOperations(state);
    resumeAllocation(state);
    takeBackHoarded(state);
  }

  /** Asks for a sign of life; who is not registered is told so. */
  private ping(after: number, limit: number): void {
    const { state } = this;
    let sent = 0;
    for (const link of state.links.values()) {
      if (link.number <= after) continue;
      if (sent === limit) return;
      sent += 1;
      const agent = link.agentId === undefined ? undefined : state.agents.get(link.agentId);
      const registered = agent?.link === link.number;
      if (!registered && link.agentId === undefined && link.openedAt + UNREGISTERED_LINK_MS_MAX <= state.elapsed) {
        closeLink(state, link.number);
        continue;
      }
      if (registered && link.silentPings > 0) state.silent.add(agent.id);
      link.silentPings += 1;
      state.outputs.push({ type: 'to-agent', link: link.number, message: { type: 'PING', registered } });
    }
  }
}

const NO_OUTPUTS: readonly LedgerOutput[] = [];

/** `/v2/cluster`: what master and agents say, relayed for those who can reach this port only, and orders about agents. */
import { StateTaskList } from '@stadion/contract/mesos-state';
import { seenTasks } from '../core/seen-answers.ts';
import { failure, json, type Answer, type Handler } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { readObject } from './read-body.ts';
import { relay, relaySeen } from './relay.ts';
import { parameter } from './route-table.ts';
import { DRAIN_SECONDS_MAX } from './limits.ts';

type ClusterHandlers = Pick<
  Handlers,
  | 'clusterMetrics'
  | 'clusterHistory'
  | 'listAgents'
  | 'listClusterTasks'
  | 'clusterMaster'
  | 'clusterSummary'
  | 'clusterFrameworks'
  | 'clusterRoles'
  | 'maintenanceSchedule'
  | 'maintenanceStatus'
  | 'cordonAgent'
  | 'uncordonAgent'
  | 'drainAgent'
  | 'markAgentGone'
  | 'agentState'
  | 'agentStatistics'
  | 'listAgentImages'
  | 'pullAgentImage'
  | 'browseFiles'
  | 'readFile'
  | 'downloadFile'
>;

/** Handlers that ask the cluster. */
export function clusterHandlers({ options }: HandlerContext): ClusterHandlers {
  const { cluster } = options;
  const master = (path: string): Handler =>
    relay(cluster, NO_CLUSTER, (reader, { query }, signal) => reader.master(path, query, signal));
  const operator = (type: string): Handler =>
    relay(cluster, NO_CLUSTER, (reader, _call, signal) => reader.ask({ type }, signal));
  const agent = (path: string, hasBody = false, own: Readonly<Record<string, string>> = {}): Handler =>
    relay(cluster, NO_CLUSTER, async (reader, { query, parameters, request }, signal) => {
      const id = parameter(parameters, 'agentId');
      const body = hasBody ? readObject(request) : undefined;
      if (body?.ok === false) return body.answer;
      const wanted = new URLSearchParams([...query, ...Object.entries(own)]);
      const answer = await reader.agent(id, path, wanted, signal, body?.value);
      return answer ?? noAgent(id);
    });
  /** Gives the master an order about the agent that the path names. */
  const order = (type: string, more: (query: URLSearchParams) => object = () => ({})): Handler =>
    relay(cluster, NO_CLUSTER, async (reader, { query, parameters }, signal) => {
      const id = parameter(parameters, 'agentId');
      const call = { type, [type.toLowerCase()]: { agent_id: { value: id }, ...more(query) } };
      const isKnown = await reader.order(id, call, signal);
      return isKnown ? { status: 202, body: { kind: 'none' } } : noAgent(id);
    });
  const drain = order('DRAIN_AGENT', (query) => ({
    deadline: { seconds: deadlineOf(query) },
    ...(query.get('markGone') === 'true' ? { mark_gone: true } : {}),
  }));
  return {
    cordonAgent: order('DEACTIVATE_AGENT'),
    uncordonAgent: order('REACTIVATE_AGENT'),
    drainAgent: (call) => (deadlineOf(call.query) === undefined ? BAD_DEADLINE : drain(call)),
    markAgentGone: order('MARK_AGENT_GONE'),
    clusterMetrics: master('/metrics/snapshot'),
    clusterHistory: () => (cluster === undefined ? NO_CLUSTER : json(200, cluster.history())),
    listAgents: master('/slaves'),
    listClusterTasks: relaySeen(master('/tasks'), StateTaskList, seenTasks),
    clusterMaster: operator('GET_MASTER'),
    clusterSummary: master('/state-summary'),
    clusterFrameworks: operator('GET_FRAMEWORKS'),
    clusterRoles: master('/roles'),
    maintenanceSchedule: master('/maintenance/schedule'),
    maintenanceStatus: master('/maintenance/status'),
    agentState: agent('/state'),
    agentStatistics: agent('/monitor/statistics', false, { tasks: 'true' }),
    listAgentImages: agent('/images'),
    pullAgentImage: agent('/images', true),
    browseFiles: agent('/files/browse'),
    readFile: agent('/files/read'),
    downloadFile: agent('/files/download'),
  };
}

/** So long a drain gives frameworks to move their tasks, unless it says otherwise. */
const DRAIN_SECONDS = 600;
const BAD_DEADLINE = failure(400, {
  message: `deadlineSeconds must be a whole number from 1 to ${String(DRAIN_SECONDS_MAX)}`,
});

function deadlineOf(query: URLSearchParams): number | undefined {
  const seconds = Number(query.get('deadlineSeconds') ?? DRAIN_SECONDS);
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= DRAIN_SECONDS_MAX ? seconds : undefined;
}

function noAgent(id: string): Answer {
  return failure(404, { message: `There is no agent ${id}` });
}

const NO_CLUSTER = failure(502, { message: 'This orchestrator was not told where its master is' });

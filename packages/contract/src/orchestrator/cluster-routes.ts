/**
 * Routes to the cluster below the orchestrator, on the orchestrator's own port: what the master and its agents say,
 * relayed, and orders about agents. A page in a browser can reach this port only.
 */
import { Type } from '@sinclair/typebox';
import {
  AgentState,
  ExecutorStatistics,
  FileChunk,
  FileEntry,
  MetricsSnapshot,
  SlaveList,
  StateRoleList,
  StateSummary,
  StateTaskList,
} from '../mesos-state.ts';
import { MaintenanceSchedule } from '../cluster-settings.ts';
import { AgentImages, ImagePull, ImagePullRequest } from '../images.ts';
import { FrameworksAnswer, MaintenanceStatus, MasterAnswer } from '../mesos-operator.ts';
import { ResourceHistory } from '../overview.ts';
import { REBALANCE_MOVES_MAX, RebalanceOrder, RebalancePlan, RebalanceRun } from '../rebalance.ts';
import { ErrorAnswer } from './answers.ts';
import { route } from './route.ts';

const Path = { path: Type.Optional(Type.String()) };
const missing = { 404: ErrorAnswer, 502: ErrorAnswer };
const ordered = { 202: Type.Null(), ...missing };

/** All of them only read, but those that care for agents. */
export const clusterRoutes = {
  clusterMetrics: route({
    method: 'GET',
    path: '/v2/cluster/metrics',
    permission: 'system:read',
    summary: "Show the master's metrics",
    answers: { 200: MetricsSnapshot, 502: ErrorAnswer },
  }),
  clusterHistory: route({
    method: 'GET',
    path: '/v2/cluster/history',
    permission: 'system:read',
    summary: 'Show the use of resources during the last hour',
    answers: { 200: ResourceHistory },
  }),
  listAgents: route({
    method: 'GET',
    path: '/v2/cluster/agents',
    permission: 'system:read',
    summary: 'List the agents with their resources',
    answers: { 200: SlaveList, 502: ErrorAnswer },
  }),
  clusterMaster: route({
    method: 'GET',
    path: '/v2/cluster/master',
    permission: 'system:read',
    summary: 'Show the leading master, since when it runs and leads',
    answers: { 200: MasterAnswer, 502: ErrorAnswer },
  }),
  clusterSummary: route({
    method: 'GET',
    path: '/v2/cluster/summary',
    permission: 'system:read',
    summary: 'List agents and frameworks with how many tasks they have',
    answers: { 200: StateSummary, 502: ErrorAnswer },
  }),
  clusterFrameworks: route({
    method: 'GET',
    path: '/v2/cluster/frameworks',
    permission: 'system:read',
    summary: 'List the frameworks of the master, those that left included',
    answers: { 200: FrameworksAnswer, 502: ErrorAnswer },
  }),
  clusterRoles: route({
    method: 'GET',
    path: '/v2/cluster/roles',
    permission: 'system:read',
    summary: 'List roles with weight, quota and what they hold',
    answers: { 200: StateRoleList, 502: ErrorAnswer },
  }),
  maintenanceSchedule: route({
    method: 'GET',
    path: '/v2/cluster/maintenance/schedule',
    permission: 'system:read',
    summary: 'Show when which machines will be out of service',
    answers: { 200: MaintenanceSchedule, 502: ErrorAnswer },
  }),
  maintenanceStatus: route({
    method: 'GET',
    path: '/v2/cluster/maintenance/status',
    permission: 'system:read',
    summary: 'Show which machines are to be left and which are out of service',
    answers: { 200: MaintenanceStatus, 502: ErrorAnswer },
  }),
  listClusterTasks: route({
    method: 'GET',
    path: '/v2/cluster/tasks',
    permission: 'system:read',
    isFiltered: true,
    summary: 'List tasks as the master knows them, ended ones included',
    query: Type.Object({ task_id: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer()) }),
    answers: { 200: StateTaskList, 502: ErrorAnswer },
  }),
  cordonAgent: route({
    method: 'POST',
    path: '/v2/cluster/agents/{agentId}/cordon',
    permission: 'system:write',
    summary: 'Place nothing more on an agent; what runs there runs on',
    answers: ordered,
  }),
  uncordonAgent: route({
    method: 'POST',
    path: '/v2/cluster/agents/{agentId}/uncordon',
    permission: 'system:write',
    summary: 'Let an agent have work again, after cordon or drain',
    answers: ordered,
  }),
  drainAgent: route({
    method: 'POST',
    path: '/v2/cluster/agents/{agentId}/drain',
    permission: 'system:write',
    summary:
      'Move everything away from an agent, without a gap where apps allow it, and end what is left at the deadline',
    query: Type.Object({
      deadlineSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
      /** Once it is empty, it is forgotten for ever. */
      markGone: Type.Optional(Type.Boolean()),
    }),
    answers: { ...ordered, 400: ErrorAnswer },
  }),
  markAgentGone: route({
    method: 'POST',
    path: '/v2/cluster/agents/{agentId}/gone',
    permission: 'system:write',
    summary: 'Say that an agent never comes back: its tasks are gone, and it is refused should it try',
    answers: ordered,
  }),
  planRebalance: route({
    method: 'GET',
    path: '/v2/cluster/rebalance',
    permission: 'system:read',
    summary: 'Show where instances would go for the load of nodes to be even; nothing is moved',
    query: Type.Object({ moves: Type.Optional(Type.Integer({ minimum: 0, maximum: REBALANCE_MOVES_MAX })) }),
    answers: { 200: RebalancePlan, 400: ErrorAnswer, 502: ErrorAnswer },
  }),
  beginRebalance: route({
    method: 'POST',
    path: '/v2/cluster/rebalance',
    permission: 'system:write',
    summary: 'Move instances as the plan of now says, within a budget: another one is up before any goes',
    body: RebalanceOrder,
    answers: { 202: RebalanceRun, 400: ErrorAnswer, 409: ErrorAnswer, 502: ErrorAnswer },
  }),
  getRebalance: route({
    method: 'GET',
    path: '/v2/cluster/rebalance/run',
    permission: 'system:read',
    summary: 'Show how far the rebalance is that is under way, or how the last one ended',
    answers: { 200: RebalanceRun, 404: ErrorAnswer },
  }),
  stopRebalance: route({
    method: 'DELETE',
    path: '/v2/cluster/rebalance/run',
    permission: 'system:write',
    summary: 'Begin no further move; those under way come to their end',
    answers: { 200: RebalanceRun, 404: ErrorAnswer },
  }),
  agentState: route({
    method: 'GET',
    path: '/v2/cluster/agents/{agentId}/state',
    permission: 'system:read',
    summary: 'Show what an agent runs and ran',
    answers: { 200: AgentState, ...missing },
  }),
  agentStatistics: route({
    method: 'GET',
    path: '/v2/cluster/agents/{agentId}/statistics',
    permission: 'system:read',
    summary: 'Show what the tasks of an agent use',
    answers: { 200: Type.Array(ExecutorStatistics), ...missing },
  }),
  listAgentImages: route({
    method: 'GET',
    path: '/v2/cluster/agents/{agentId}/images',
    permission: 'system:read',
    summary: 'List the images that an agent has, and the pulls that were asked for lately',
    answers: { 200: AgentImages, ...missing },
  }),
  pullAgentImage: route({
    method: 'POST',
    path: '/v2/cluster/agents/{agentId}/images',
    permission: 'system:write',
    summary: 'Have an agent bring an image before anything starts from it; how far it is stands in the list',
    body: ImagePullRequest,
    answers: { 202: ImagePull, 400: ErrorAnswer, 409: ErrorAnswer, 429: ErrorAnswer, ...missing },
  }),
  browseFiles: route({
    method: 'GET',
    path: '/v2/cluster/agents/{agentId}/files/browse',
    permission: 'system:read',
    summary: 'List a folder of a sandbox',
    query: Type.Object(Path),
    answers: { 200: Type.Array(FileEntry), ...missing },
  }),
  readFile: route({
    method: 'GET',
    path: '/v2/cluster/agents/{agentId}/files/read',
    permission: 'system:read',
    summary: 'Read a piece of a file of a sandbox',
    query: Type.Object({ ...Path, offset: Type.Optional(Type.Integer()), length: Type.Optional(Type.Integer()) }),
    answers: { 200: FileChunk, ...missing },
  }),
  downloadFile: route({
    method: 'GET',
    path: '/v2/cluster/agents/{agentId}/files/download',
    permission: 'system:read',
    summary: 'Download a file of a sandbox',
    query: Type.Object(Path),
    answers: { 200: Type.String(), ...missing },
  }),
};

/** Small typed clients for what a person looks at on masters and agents: state, metrics, sandbox files. */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import {
  AgentState,
  ExecutorStatistics,
  FileChunk,
  FileEntry,
  MasterState,
  MetricsSnapshot,
  SlaveList,
  StateTaskList,
} from '../mesos-state.ts';
import { request, type Fetch, type Peer, type Query } from './http.ts';

/** Where a master or agent is. */
export interface MesosClientOptions {
  /** E.g. `http://127.0.0.1:5050`. */
  readonly baseUrl: string;
  /** Default: the global one. */
  readonly fetch?: Fetch;
  /** Sent with every call, e.g. who asks. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How far a call may go. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * The master as people read it. Every method rejects with an ApiError when refused, and with a PlatformError
 * `master-unreachable` or `master-answer-unexpected` when there is no proper answer.
 */
export interface MasterClient {
  readonly baseUrl: string;
  state(options?: CallOptions): Promise<MasterState>;
  slaves(options?: CallOptions): Promise<SlaveList>;
  /** Tasks of all frameworks, ended ones included; with `taskId` only that one. */
  tasks(options?: CallOptions & { readonly taskId?: string; readonly limit?: number }): Promise<StateTaskList>;
  metrics(options?: CallOptions): Promise<MetricsSnapshot>;
  /** An order of the operator API, e.g. `{type: 'DRAIN_AGENT', drain_agent: {…}}`. */
  order(call: { readonly type: string } & Readonly<Record<string, unknown>>, options?: CallOptions): Promise<void>;
}

/** Makes a client of a master; nothing is sent before its first call. */
export function createMasterClient(options: MesosClientOptions): MasterClient {
  const get = getter(options, 'master');
  return {
    baseUrl: options.baseUrl,
    state: (call) => get('/state', MasterState, call),
    slaves: (call) => get('/slaves', SlaveList, call),
    tasks: (call) => get('/tasks', StateTaskList, call, { task_id: call?.taskId, limit: call?.limit }),
    metrics: (call) => get('/metrics/snapshot', MetricsSnapshot, call),
    order: async (body, call = {}) => {
      const signal = call.signal === undefined ? {} : { signal: call.signal };
      await request(peerOf(options, 'master'), { method: 'POST', path: '/api/v1', body, ...signal }, [Type.Null()]);
    },
  };
}

/**
 * An agent as people read it. Every method rejects with an ApiError when refused, and with a PlatformError
 * `agent-unreachable` or `agent-answer-unexpected` when there is no proper answer.
 */
export interface AgentClient {
  readonly baseUrl: string;
  state(options?: CallOptions): Promise<AgentState>;
  statistics(options?: CallOptions): Promise<ExecutorStatistics[]>;
  metrics(options?: CallOptions): Promise<MetricsSnapshot>;
  browse(path: string, options?: CallOptions): Promise<FileEntry[]>;
  /** At most 65536 bytes from `offset` on. Offset -1 gives no data and the file's size as offset. */
  readFile(
    path: string,
    range: { readonly offset: number; readonly length?: number },
    options?: CallOptions,
  ): Promise<FileChunk>;
}

/** Makes a client of an agent; nothing is sent before its first call. */
export function createAgentClient(options: MesosClientOptions): AgentClient {
  const get = getter(options, 'agent');
  return {
    baseUrl: options.baseUrl,
    state: (call) => get('/state', AgentState, call),
    statistics: (call) => get('/monitor/statistics', Type.Array(ExecutorStatistics), call, { tasks: 'true' }),
    metrics: (call) => get('/metrics/snapshot', MetricsSnapshot, call),
    browse: (path, call) => get('/files/browse', Type.Array(FileEntry), call, { path }),
    readFile: (path, range, call) => get('/files/read', FileChunk, call, { path, ...range }),
  };
}

function peerOf(options: MesosClientOptions, role: 'master' | 'agent'): Peer {
  return {
    role,
    baseUrl: options.baseUrl,
    headers: options.headers ?? {},
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    advice: `Check the address and that this ${role} runs: stadion doctor`,
  };
}

function getter(options: MesosClientOptions, role: 'master' | 'agent') {
  const peer = peerOf(options, role);
  return async <Schema extends TSchema>(
    path: string,
    schema: Schema,
    call: CallOptions = {},
    query: Query = {},
  ): Promise<Static<Schema>> => {
    const signal = call.signal === undefined ? {} : { signal: call.signal };
    return await request(peer, { method: 'GET', path, query, ...signal }, [schema]);
  };
}

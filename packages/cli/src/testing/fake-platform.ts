/** A platform that only answers: the orchestrator's routes from the table, and the master and agent routes in use. */
import {
  orchestratorRoutes,
  type AppInfo,
  type DeploymentInfo,
  type OrchestratorEvent,
  type QueueItem,
} from '@stadion/contract/orchestrator';
import type { AwaySlave, StateSlave } from '@stadion/contract/mesos-state';
import type { Fetch } from '@stadion/contract/client';

/** A request as a handler sees it. */
export interface FakeRequest {
  readonly route: RouteName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** What a handler answers; status 200 when there is only a body. */
export interface FakeAnswer {
  readonly status?: number;
  readonly body: unknown;
}

export type RouteName = keyof typeof orchestratorRoutes;
export type FakeHandler = (request: FakeRequest) => FakeAnswer;

const ORCHESTRATOR = 'http://127.0.0.1:8080';
const MASTER = 'http://127.0.0.1:5050';
const AGENT = 'http://127.0.0.1:5051';

/** Its state is plain data that a test sets; every request is kept. */
export class FakePlatform {
  apps: AppInfo[] = [];
  deployments: DeploymentInfo[] = [];
  queue: QueueItem[] = [];
  versions: string[] = [];
  slaves: StateSlave[] = [];
  /** Agents that were given up, and those that a new leader waits for. */
  unreachableSlaves: AwaySlave[] = [];
  recoveredSlaves: AwaySlave[] = [];
  /** What the agent's clock says. */
  agentTime: string | undefined;
  /** Orders of the operator API that the master was given. */
  readonly orders: unknown[] = [];
  /** Sandboxes on the one agent: task id → file name → content. */
  readonly sandboxes = new Map<string, Map<string, Buffer>>();
  /** The caller may read files of some apps, and not what else runs on the agent. */
  isNarrowed = false;
  readonly requests: FakeRequest[] = [];
  readonly handlers = new Map<RouteName, FakeHandler>();
  /** When set, nobody answers. */
  isDown = false;
  private readonly streams = new Set<ReadableStreamDefaultController<Uint8Array>>();

  /** What a client is given in place of the network. */
  readonly fetch: Fetch = async (address, init) => {
    if (this.isDown) throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    init?.signal?.throwIfAborted();
    const url = new URL(address);
    if (url.origin === MASTER) return this.answerMaster(url, init?.body);
    if (url.origin === AGENT) return this.answerAgent(url);
    if (url.origin !== ORCHESTRATOR) throw new TypeError('fetch failed');
    const request = match(init?.method ?? 'GET', url, init?.body);
    if (request === undefined) return json(404, { message: `${url.pathname} is no route` });
    this.requests.push(request);
    if (request.route === 'events') return this.openStream(init?.signal ?? undefined);
    const handler = this.handlers.get(request.route) ?? this.defaults[request.route];
    if (handler === undefined) return json(500, { message: `the fake does not know ${request.route}` });
    const { status = 200, body } = handler(request);
    return json(status, body);
  };

  /** Sends an event to everybody who follows. */
  emit(event: OrchestratorEvent): void {
    const text = `event: ${event.eventType}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`;
    for (const stream of this.streams) stream.enqueue(new TextEncoder().encode(text));
  }

  /** Ends every event stream. */
  closeStreams(): void {
    for (const stream of this.streams) stream.close();
    this.streams.clear();
  }

  /** Adds to a log in a task's sandbox, or replaces it. */
  write(taskId: string, file: string, content: string | Buffer, options: { readonly replace?: boolean } = {}): void {
    const sandbox = this.sandboxes.get(taskId) ?? new Map<string, Buffer>();
    this.sandboxes.set(taskId, sandbox);
    const before = options.replace === true ? Buffer.alloc(0) : (sandbox.get(file) ?? Buffer.alloc(0));
    sandbox.set(file, Buffer.concat([before, Buffer.from(content)]));
  }

  private readonly defaults: Partial<Record<RouteName, FakeHandler>> = {
    ping: () => ({ body: 'pong' }),
    info: () => ({ body: { name: 'marathon', version: '1.11.0', marathon_config: { mesos_leader_ui_url: MASTER } } }),
    getLeader: () => ({ body: { leader: '127.0.0.1:8080' } }),
    getGroup: () => ({ body: { id: '/', apps: [], pods: [], groups: [], dependencies: [], version: '' } }),
    listApps: () => ({ body: { apps: this.apps } }),
    getApp: ({ params }) => {
      const app = this.apps.find(({ id }) => id === `/${params['id'] ?? ''}`);
      return app === undefined
        ? { status: 404, body: { message: `App '/${params['id'] ?? ''}' does not exist` } }
        : { body: { app } };
    },
    listAppVersions: () => ({ body: { versions: this.versions } }),
    listTasks: () => ({ body: { tasks: this.apps.flatMap(({ tasks = [] }) => tasks) } }),
    listDeployments: () => ({ body: this.deployments }),
    listQueue: () => ({ body: { queue: this.queue } }),
  };

  private openStream(signal: AbortSignal | undefined): Response {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (created) => {
        controller = created;
        this.streams.add(created);
      },
      cancel: () => {
        if (controller !== undefined) this.streams.delete(controller);
      },
    });
    signal?.addEventListener('abort', () => {
      if (controller === undefined || !this.streams.delete(controller)) return;
      controller.error(signal.reason);
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  private answerMaster(url: URL, body: unknown): Response {
    if (url.pathname === '/slaves') {
      const away = { recovered_slaves: this.recoveredSlaves, unreachable_slaves: this.unreachableSlaves };
      return json(200, { slaves: this.slaves, ...away });
    }
    if (url.pathname === '/api/v1') {
      this.orders.push(JSON.parse(String(body)));
      return new Response(null, { status: 202 });
    }
    if (url.pathname === '/tasks') return json(200, { tasks: this.isNarrowed ? this.stateTasks() : [] });
    return json(404, { message: 'not here' });
  }

  private stateTasks(): object[] {
    const [slave] = this.slaves;
    return [...this.sandboxes.keys()].map((id) => ({
      ...{ id, name: id, framework_id: 'F', executor_id: '', slave_id: slave?.id, state: 'TASK_RUNNING' },
      ...{ resources: {}, statuses: [] },
    }));
  }

  private answerAgent(url: URL): Response {
    if (url.pathname === '/state' && this.isNarrowed) return json(403, { message: 'it takes cluster:read' });
    if (url.pathname === '/health') {
      return new Response('', this.agentTime === undefined ? {} : { headers: { date: this.agentTime } });
    }
    if (url.pathname === '/state') {
      const executors = [...this.sandboxes.keys()].map((id) => ({ id, directory: `/sandboxes/${id}` }));
      return json(200, {
        hostname: 'n1',
        pid: 'slave(1)@127.0.0.1:5051',
        version: '1.11.0',
        resources: {},
        frameworks: [{ id: 'F', executors, completed_executors: [] }],
      });
    }
    if (url.pathname !== '/files/read') return json(404, { message: 'not here' });
    const path = url.searchParams.get('path') ?? '';
    const [, , taskId = '', file = ''] = path
      .replace(/^\/frameworks\/F\/executors\/(.+)\/runs\/latest/, '/s/$1')
      .split('/');
    const content = this.sandboxes.get(taskId)?.get(file);
    if (content === undefined) return json(404, { message: 'no such file' });
    const offset = Number(url.searchParams.get('offset') ?? -1);
    if (offset < 0) return json(200, { offset: content.length, data: '' });
    const length = Math.min(65_536, Number(url.searchParams.get('length') ?? 65_536));
    return json(200, { offset, data: content.subarray(offset, offset + length).toString('utf8') });
  }
}

/** Routes with the longest fixed part first, so that a keyword after an id wins. */
const routes = Object.entries(orchestratorRoutes)
  .map(([name, { method, path }]) => ({
    name: name as RouteName,
    method,
    literal: path.replace(/\{\w+\}/g, '').length,
    pattern: new RegExp(`^${path.replace(/\{(id|group)\}/g, '(?<$1>.+)').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  }))
  .sort((left, right) => right.literal - left.literal);

function match(method: string, url: URL, body: unknown): FakeRequest | undefined {
  for (const route of routes) {
    const found = route.method === method ? route.pattern.exec(url.pathname) : null;
    if (found === null) continue;
    const params = Object.fromEntries(
      Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    return {
      route: route.name,
      params,
      query: url.searchParams,
      body: typeof body === 'string' ? JSON.parse(body) : undefined,
    };
  }
  return undefined;
}

function json(status: number, body: unknown): Response {
  return status === 204 || (status === 202 && body === null)
    ? new Response(null, { status })
    : new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

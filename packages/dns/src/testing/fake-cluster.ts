/** A master and an orchestrator on real ports, as far as the name server asks them. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A cluster whose state and events a test decides. */
export class FakeCluster {
  state: unknown;
  tasks: unknown[] = [];
  /** Undefined: a Marathon of before there were pods. */
  pods: unknown[] | undefined;
  /** How often the state was asked for. */
  asked = 0;
  /** Whether the master has an operator stream. */
  hasOperatorStream = false;
  private readonly operators = new Set<ServerResponse>();
  private readonly listeners = new Set<ServerResponse>();
  private server: Server | undefined;
  private port = 0;

  constructor(state: unknown) {
    this.state = state;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** How many follow the orchestrator's events, and the operator stream. */
  get followers(): { readonly events: number; readonly operator: number } {
    return { events: this.listeners.size, operator: this.operators.size };
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const path = request.url?.split('?')[0] ?? '';
      if (path === '/state') {
        this.asked += 1;
        response.end(typeof this.state === 'string' ? this.state : JSON.stringify(this.state));
      } else if (path === '/api/v1' && this.hasOperatorStream) this.keep(this.operators, response);
      else if (path === '/v2/events') this.keep(this.listeners, response, 'text/event-stream');
      else if (path === '/v2/tasks') response.end(JSON.stringify({ tasks: this.tasks }));
      else if (path === '/v2/pods::status' && this.pods !== undefined) response.end(JSON.stringify(this.pods));
      else response.writeHead(404).end();
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  /** Ends; may be started again on the same port. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Sends an event of the orchestrator. */
  emit(event: Readonly<Record<string, unknown>>): void {
    for (const listener of this.listeners) {
      listener.write(`event: ${String(event.eventType)}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`);
    }
  }

  /** Sends an event of the operator stream, cut into two pieces. */
  operate(event: unknown): void {
    const text = JSON.stringify(event);
    const record = `${String(Buffer.byteLength(text))}\n${text}`;
    for (const operator of this.operators) {
      operator.write(record.slice(0, 9));
      operator.write(record.slice(9));
    }
  }

  private keep(set: Set<ServerResponse>, response: ServerResponse, type = 'application/json'): void {
    response.writeHead(200, { 'content-type': type });
    response.flushHeaders();
    set.add(response);
    response.once('close', () => set.delete(response));
  }
}

/** A framework of somebody else, who speaks the v1 scheduler API in JSON over HTTP. */
import { request, type IncomingMessage } from 'node:http';
import { RecordReader } from '@stadion/contract/mesos-wire';
import { waitFor } from './running-platform.ts';

type Json = ReturnType<typeof JSON.parse>;

/** Keeps what it hears, and acknowledges every update. */
export class PlainFramework {
  readonly events: Json[] = [];
  id = '';
  private readonly url: string;
  private streamId = '';
  /** Ids of offers that it has accepted. */
  private readonly taken = new Set<string>();
  private stream: IncomingMessage | undefined;

  private constructor(master: string) {
    this.url = `${master}/api/v1/scheduler`;
  }

  /** Subscribes; resolves when it is subscribed. */
  static async subscribe(master: string, info: object): Promise<PlainFramework> {
    const framework = new PlainFramework(master);
    framework.stream = await framework.post({ type: 'SUBSCRIBE', subscribe: { framework_info: info } });
    framework.streamId = String(framework.stream.headers['mesos-stream-id']);
    const reader = new RecordReader(100_000_000);
    framework.stream
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        for (const record of reader.push(chunk)) framework.hear(JSON.parse(Buffer.from(record).toString()));
      });
    await waitFor('the framework is subscribed', () => framework.id !== '');
    return framework;
  }

  /** Sends a call. @returns its status */
  async call(call: Json): Promise<number> {
    for (const { value } of call.accept?.offer_ids ?? []) this.taken.add(value);
    const response = await this.post({ framework_id: { value: this.id }, ...call });
    response.resume();
    return response.statusCode ?? 0;
  }

  /** An offer of an agent that is still open, as far as it knows. */
  offerOf(agentId: string): Promise<Json> {
    return waitFor('there is an offer', () => {
      const over = new Set(this.of('RESCIND').map(({ rescind }: Json) => rescind.offer_id.value));
      return this.of('OFFERS')
        .flatMap(({ offers }: Json) => offers.offers)
        .findLast(
          ({ id, agent_id }: Json) => agent_id.value === agentId && !over.has(id.value) && !this.taken.has(id.value),
        );
    });
  }

  of(type: string): Json[] {
    return this.events.filter((event) => event.type === type);
  }

  /** The statuses of a task. */
  statuses(taskId: string): Json[] {
    return this.of('UPDATE').flatMap(({ update }: Json) =>
      update.status.task_id.value === taskId ? [update.status] : [],
    );
  }

  /** Waits until a task is told to be in a state. */
  heard(taskId: string, state: string): Promise<Json> {
    return waitFor(
      `${taskId} is ${state}`,
      () => this.statuses(taskId).find((status) => status.state === state),
      40_000,
    );
  }

  /** Ends the subscription. */
  hangUp(): void {
    this.stream?.destroy();
  }

  private hear(event: Json): void {
    this.events.push(event);
    if (event.type === 'SUBSCRIBED') this.id = event.subscribed.framework_id.value;
    const status = event.type === 'UPDATE' ? event.update.status : undefined;
    if (status?.uuid === undefined) return;
    const { agent_id, task_id, uuid } = status;
    void this.call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
  }

  private post(body: object): Promise<IncomingMessage> {
    const headers: Record<string, string> = { 'Content-Type': 'application/json', Accept: 'application/json' };
    if (this.streamId !== '') headers['Mesos-Stream-Id'] = this.streamId;
    return new Promise((resolve, reject) => {
      request(this.url, { method: 'POST', headers })
        .on('response', resolve)
        .on('error', reject)
        .end(JSON.stringify(body));
    });
  }
}

/** A master as far as a name server asks one: 12,500 tasks, which make 100,000 records, and an operator stream. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Each has eight records. */
const TASKS = 12_500;

/** The address of one of its tasks. */
export function addressOf(index: number): string {
  return `10.${String((index >> 16) & 255)}.${String((index >> 8) & 255)}.${String(index & 255)}`;
}

/** Starts it. */
export async function startMaster() {
  const streams = new Set<ServerResponse>();
  const task = (index: number) => ({
    id: `app${String(index)}.instance-${String(index)}`,
    name: `app${String(index)}`,
    slave_id: `x-S${String(index % 100)}`,
    state: 'TASK_RUNNING',
    resources: { ports: '[31000-31000]' },
    statuses: [
      {
        state: 'TASK_RUNNING',
        timestamp: 1,
        container_status: { network_infos: [{ ip_addresses: [{ ip_address: addressOf(index) }] }] },
      },
    ],
  });
  const pid = 'master@127.0.0.1:5050';
  const slaves = Array.from({ length: 100 }, (_, index) => ({
    id: `x-S${String(index)}`,
    pid: `slave(1)@10.9.0.${String(index)}:5051`,
  }));
  const tasks = Array.from({ length: TASKS }, (_, index) => task(index));
  const frameworks = [{ id: 'f', name: 'marathon', hostname: '127.0.0.1', tasks }];
  const state = JSON.stringify({ pid, leader: pid, slaves, frameworks });
  const server = createServer((request, response) => {
    if (request.url === '/state') response.end(state);
    else {
      response.writeHead(request.url === '/api/v1' ? 200 : 404).flushHeaders();
      if (request.url === '/api/v1') streams.add(response);
      else response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    /** Has a task run, and tells of it. */
    start(name: string): void {
      const added = {
        name,
        task_id: { value: name },
        framework_id: { value: 'f' },
        agent_id: { value: 'x-S0' },
        state: 'TASK_RUNNING',
        statuses: [],
      };
      const record = JSON.stringify({ type: 'TASK_ADDED', task_added: { task: added } });
      for (const stream of streams) stream.write(`${String(record.length)}\n${record}`);
    },
    stop(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}

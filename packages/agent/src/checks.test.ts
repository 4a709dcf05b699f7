import type { HealthCheckInfo, ReadinessCheckInfo, TaskStatus } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import type { Agent } from './agent.ts';
import { PROBES_MAX } from './limits.ts';
import { makeTask } from './testing/fake-master.ts';
import { SimulatedMachine } from './testing/simulated-agent.ts';

const MARATHON_CHECK: HealthCheckInfo = {
  type: 'HTTP',
  http: { port: 31000, path: '/health' },
  delay_seconds: 5,
  interval_seconds: 10,
  timeout_seconds: 2,
  consecutive_failures: 2,
  grace_period_seconds: 30,
  kill_on_failure: false,
};
const MESOS_CHECK: HealthCheckInfo = {
  ...MARATHON_CHECK,
  type: 'TCP',
  tcp: { port: 31000 },
  delay_seconds: 15,
  kill_on_failure: true,
};
const READINESS_CHECK: ReadinessCheckInfo = {
  name: 'ready',
  scheme: 'http',
  port: 31001,
  path: '/ready',
  interval_seconds: 5,
  timeout_seconds: 2,
  http_status_codes_for_ready: [200],
  preserve_last_response: true,
};

/** An agent with one task, and a list of the times (in seconds since RUNNING) at which it was asked. */
async function startChecked(
  more: Parameters<typeof makeTask>[1],
  answer: (second: number, kind: string) => number | 'refused',
): Promise<{ machine: SimulatedMachine; agent: Agent; asked: number[]; reports: () => TaskStatus[] }> {
  const machine = new SimulatedMachine();
  const asked: number[] = [];
  machine.answerProbe = (request) => {
    const second = machine.time.monotonic() / 1000;
    asked.push(second);
    const status = answer(second, request.kind);
    if (status === 'refused') return { kind: 'failed', cause: 'connection refused' };
    return request.kind === 'tcp'
      ? { kind: 'tcp' }
      : { kind: 'http', status, contentType: 'text/plain', body: `at ${second}` };
  };
  const agent = await machine.startAgent();
  machine.master.run(makeTask('a', more));
  await machine.time.advance(0);
  return {
    machine,
    agent,
    asked,
    reports: () => machine.master.statuses('a').filter((status) => status.reason !== undefined),
  };
}

describe('a health check as Marathon has it', () => {
  it('begins after its delay, repeats every interval, and reports the first success only', async () => {
    const { machine, asked, reports } = await startChecked({ health_checks: [MARATHON_CHECK] }, () => 200);
    await machine.time.advance(40_000);
    expect(asked).toEqual([5, 15, 25, 35]);
    expect(reports()).toHaveLength(1);
    expect(reports()[0]).toMatchObject({
      state: 'TASK_RUNNING',
      reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
      healthy: true,
      health_results: [{ index: 0, alive: true, consecutive_failures: 0, exhausted: false }],
    });
  });

  it('takes redirects for health and errors for sickness', async () => {
    const { machine, reports } = await startChecked({ health_checks: [MARATHON_CHECK] }, (second) =>
      second < 10 ? 399 : 400,
    );
    await machine.time.advance(16_000);
    expect(reports().map((status) => status.healthy)).toEqual([true, false]);
    expect(reports()[1]?.health_results?.[0]?.last_failure_cause).toContain('400');
  });

  it('ignores failures inside the grace period until the first success', async () => {
    const { machine, reports } = await startChecked({ health_checks: [MARATHON_CHECK] }, () => 'refused');
    await machine.time.advance(29_999);
    expect(reports()).toEqual([]);
    await machine.time.advance(6_000);
    expect(reports()).toHaveLength(1);
    expect(reports()[0]?.health_results?.[0]).toMatchObject({ alive: false, consecutive_failures: 1 });
  });

  it('is exhausted on failure number `consecutive_failures`, and leaves the killing to the framework', async () => {
    const { machine, reports } = await startChecked({ health_checks: [MARATHON_CHECK] }, (second) =>
      second < 10 ? 200 : 'refused',
    );
    await machine.time.advance(46_000);
    const results = reports().map((status) => status.health_results?.[0]);
    expect(results.map((result) => result?.consecutive_failures)).toEqual([0, 1, 2, 3, 4]);
    expect(results.map((result) => result?.exhausted)).toEqual([false, false, true, true, true]);
    expect(machine.containerizer.runningCount).toBe(1);
  });

  it('is never exhausted with a maximum of 0', async () => {
    const check = { ...MARATHON_CHECK, consecutive_failures: 0, grace_period_seconds: 0 };
    const { machine, reports } = await startChecked({ health_checks: [check] }, () => 'refused');
    await machine.time.advance(600_000);
    expect(reports().length).toBeGreaterThan(50);
    expect(reports().some((status) => status.health_results?.[0]?.exhausted === true)).toBe(false);
  });

  it('is healthy only when every check is, and says nothing before each has a result', async () => {
    const second: HealthCheckInfo = { ...MARATHON_CHECK, type: 'TCP', tcp: { port: 31001 }, interval_seconds: 3 };
    const { machine, reports } = await startChecked({ health_checks: [MARATHON_CHECK, second] }, (at, kind) =>
      kind === 'tcp' || at > 10 ? 200 : 'refused',
    );
    await machine.time.advance(10_000);
    expect(reports().map((status) => status.healthy)).toEqual([undefined]);
    expect(reports()[0]?.health_results).toMatchObject([{ index: 1, alive: true }]);
    await machine.time.advance(10_000);
    expect(reports().at(-1)).toMatchObject({ healthy: true, health_results: [{ index: 0 }, { index: 1 }] });
  });

  it('goes on after a restart of the agent with what it knew', async () => {
    const { machine, agent, reports } = await startChecked({ health_checks: [MARATHON_CHECK] }, (second) =>
      second < 10 ? 200 : 'refused',
    );
    await machine.time.advance(16_000);
    const before = reports().length;
    await agent.stop();
    await machine.startAgent();
    await machine.time.advance(1000);
    const last = reports().at(-1);
    expect(reports().length).toBeGreaterThan(before);
    expect(last?.health_results?.[0]).toMatchObject({ consecutive_failures: 2 });
    expect(last?.health_results?.[0]?.first_success).toBeDefined();
  });

  it('begins no later than after its delay when the clock is set back while the agent is down', async () => {
    const { machine, agent, asked } = await startChecked({ health_checks: [MARATHON_CHECK] }, () => 200);
    await machine.time.advance(1000);
    await agent.stop();
    const { time } = machine;
    const anHourBack = { now: () => time.now() - 3_600_000, monotonic: () => time.monotonic() };
    await machine.startAgent({}, undefined, anHourBack);
    await time.advance(MARATHON_CHECK.delay_seconds * 1000 + 1000);
    expect(asked).toHaveLength(1);
  });
});

describe('a health check as Mesos has it', () => {
  it('begins after its delay and kills on failure number max', async () => {
    const { machine, asked, reports } = await startChecked({ health_checks: [MESOS_CHECK] }, (second) =>
      second < 20 ? 200 : 'refused',
    );
    await machine.time.advance(50_000);
    expect(asked).toEqual([15, 25, 35]);
    expect(reports().at(-1)).toMatchObject({ state: 'TASK_KILLED', healthy: false });
    expect(reports().at(-1)?.message).toContain('health checks failed');
    expect(machine.containerizer.runningCount).toBe(0);
  });
});

describe('a check that is only told about', () => {
  const times = { delay_seconds: 1, interval_seconds: 5, timeout_seconds: 2 };

  it('has no result at first, reports each that differs, and ends nothing', async () => {
    const check = { type: 'HTTP' as const, http: { port: 31000, path: '/' }, ...times };
    const { machine, asked, reports } = await startChecked({ check }, (second) =>
      second < 10 ? 503 : second < 15 ? 'refused' : 200,
    );
    const running = machine.master.statuses('a').find(({ state }) => state === 'TASK_RUNNING');
    expect(running?.check_status).toEqual({ type: 'HTTP', http: {} });
    await machine.time.advance(60_000);
    expect(asked.slice(0, 3)).toEqual([1, 6, 11]);
    expect(reports().map(({ reason }) => reason)).toEqual(Array(3).fill('REASON_TASK_CHECK_STATUS_UPDATED'));
    expect(reports().map((status) => status.check_status?.http)).toEqual([
      { status_code: 503 },
      {},
      { status_code: 200 },
    ]);
    expect(machine.containerizer.runningCount).toBe(1);
  });

  it('by TCP says whether there was a connection', async () => {
    const check = { type: 'TCP' as const, tcp: { port: 31000 }, ...times };
    const { machine, reports } = await startChecked({ check }, (second) => (second < 3 ? 'refused' : 200));
    await machine.time.advance(10_000);
    expect(reports().map((status) => status.check_status?.tcp?.succeeded)).toEqual([false, true]);
  });

  it('goes on after a restart of the agent', async () => {
    const check = { type: 'TCP' as const, tcp: { port: 31000 }, ...times };
    const { machine, agent, asked, reports } = await startChecked({ check }, () => 200);
    await machine.time.advance(7_000);
    await agent.stop();
    await machine.startAgent();
    await machine.time.advance(7_000);
    expect(asked.length).toBeGreaterThan(2);
    expect(reports()).toHaveLength(1);
  });
});

describe('a readiness check', () => {
  it('asks at once, counts no answer as 504, reports each change, and stops when ready', async () => {
    const { machine, asked, reports } = await startChecked({ readiness_checks: [READINESS_CHECK] }, (second) =>
      second < 9 ? 'refused' : second < 14 ? 503 : 200,
    );
    await machine.time.advance(60_000);
    expect(asked).toEqual([0, 5, 10, 15]);
    expect(reports().map((status) => status.reason)).toEqual(Array(3).fill('REASON_TASK_CHECK_STATUS_UPDATED'));
    expect(reports().map((status) => status.readiness_results?.[0])).toEqual([
      {
        name: 'ready',
        ready: false,
        last_response: { status: 504, content_type: 'text/plain', body: 'connection refused' },
      },
      { name: 'ready', ready: false, last_response: { status: 503, content_type: 'text/plain', body: 'at 10' } },
      { name: 'ready', ready: true, last_response: { status: 200, content_type: 'text/plain', body: 'at 15' } },
    ]);
  });

  it('keeps the answer to itself unless asked to preserve it', async () => {
    const check = { ...READINESS_CHECK, preserve_last_response: false };
    const { machine, reports } = await startChecked({ readiness_checks: [check] }, (second) =>
      second < 9 ? 500 + Math.floor(second) : 200,
    );
    await machine.time.advance(60_000);
    expect(reports().map((status) => status.readiness_results?.[0])).toEqual([
      { name: 'ready', ready: false },
      { name: 'ready', ready: true },
    ]);
  });
});

describe('many checks', () => {
  it('hold a handful of updates while the master is away, not one for each failure', async () => {
    const check = { ...MARATHON_CHECK, interval_seconds: 1, grace_period_seconds: 0 };
    const { machine, reports } = await startChecked({ health_checks: [check] }, () => 'refused');
    machine.master.hangUp();
    machine.master.reachable = false;
    await machine.time.advance(3_600_000);
    const before = reports().length;
    machine.master.reachable = true;
    await machine.time.advance(60_000);
    const replayed = reports().slice(before);
    expect(replayed.length).toBeLessThan(70);
    expect(replayed.at(-1)?.health_results?.[0]?.consecutive_failures).toBeGreaterThan(3600);
  });

  it('never have more probes under way than the limit', async () => {
    const machine = new SimulatedMachine();
    let underWay = 0;
    let most = 0;
    machine.answerProbe = () => {
      underWay += 1;
      most = Math.max(most, underWay);
      return new Promise((resolve) => {
        machine.time.after(1000, () => {
          underWay -= 1;
          resolve({ kind: 'tcp' });
        });
      });
    };
    await machine.startAgent({}, 'cpus:1000;mem:100000');
    const check = { ...MARATHON_CHECK, type: 'TCP' as const, tcp: { port: 1 } };
    const count = PROBES_MAX * 2 + 10;
    const tasks = Array.from({ length: count }, (_none, index) => makeTask(`t${index}`, { health_checks: [check] }));
    machine.master.run(...tasks);
    await machine.time.advance(9_000);
    expect(most).toBe(PROBES_MAX);
    const healthy = tasks.filter((task) => machine.master.statuses(task.name).at(-1)?.healthy === true);
    expect(healthy).toHaveLength(count);
  });
});

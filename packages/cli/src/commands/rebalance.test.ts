import { expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run, start, until } from '../testing/run.ts';

const PLAN = {
  moves: [
    {
      instanceId: 'web.instance-1',
      appId: '/web',
      from: { agentId: 'S0', hostname: 'n1' },
      to: { agentId: 'S1', hostname: 'n2' },
      load: 0.4,
    },
  ],
  nodes: [
    { agentId: 'S0', hostname: 'n1', before: 0.8, after: 0.4, takes: true },
    { agentId: 'S1', hostname: 'n2', before: 0, after: 0.4, takes: false },
  ],
  staying: [{ reason: 'volumes', instances: 3 }],
  isPartial: false,
};

it('says what would move, how full nodes would be, and what is left out', async () => {
  const platform = new FakePlatform();
  platform.handlers.set('planRebalance', () => ({ body: PLAN }));
  const { stdout, code } = await run(platform, ['rebalance', '--dry-run', '--max-moves', '7']);
  expect(code).toBe(EXIT.ok);
  expect(stdout).toContain('1 move would be made:');
  expect(stdout).toMatch(/web\.instance-1 +n1 +n2 +40 %/);
  expect(stdout).toMatch(/n1 +80 % +40 %/);
  expect(stdout).toContain('n2 (takes nothing)');
  expect(stdout).toContain('Not considered: 3 with volumes.');
  expect(platform.requests.at(-1)?.query.get('moves')).toBe('7');
});

const MOVE = { instanceId: 'web.instance-1', appId: '/web', from: PLAN.moves[0]?.from, to: PLAN.moves[0]?.to };
const RUN = { id: 'r1', state: 'running', movesPerMinute: 2, startedAt: '2026-01-01T00:00:00.000Z' };
const ended = { ...RUN, state: 'done', endedAt: '2026-01-01T00:01:00.000Z' };

it('begins moves within the budget, and stays with them until they have ended', async () => {
  const platform = new FakePlatform();
  platform.handlers.set('beginRebalance', () => ({
    status: 202,
    body: {
      ...RUN,
      moves: [
        { ...MOVE, state: 'moving' },
        { ...MOVE, state: 'waiting' },
      ],
    },
  }));
  let looks = 0;
  platform.handlers.set('getRebalance', () => {
    looks += 1;
    if (looks === 1) return { status: 503, body: { message: 'nobody leads' } };
    return {
      body: {
        ...ended,
        moves: [
          { ...MOVE, state: 'moved' },
          { ...MOVE, state: 'given-up', reason: 'no-room' },
        ],
      },
    };
  });
  const { stdout, stderr, code } = await run(platform, ['rebalance', '--moves-per-minute', '2', '--max-moves', '7']);
  expect(code).toBe(EXIT.ok);
  expect(platform.requests.find(({ route }) => route === 'beginRebalance')?.body).toEqual({
    movesPerMinute: 2,
    moves: 7,
  });
  expect(stderr).toContain('2 moves, 0 moved, 1 moving, 1 waiting (at most 2 a minute)');
  expect(stderr).toContain('web.instance-1: n1 -> n2');
  expect(stdout).toContain('done: 2 moves, 1 moved, 1 given up');
  expect(stdout).toMatch(/web\.instance-1 +n1 +n2 +the node had no room for it/);
});

it('says that moves are forgotten when another server leads, and that they go on after Ctrl-C', async () => {
  const platform = new FakePlatform();
  const body = { ...RUN, moves: [{ ...MOVE, state: 'moving' }] };
  platform.handlers.set('beginRebalance', () => ({ status: 202, body }));
  platform.handlers.set('getRebalance', () => ({ status: 404, body: { message: 'none' } }));
  const { stderr, code } = await run(platform, ['rebalance', '--moves-per-minute', '2']);
  expect(code).toBe(EXIT.error);
  expect(stderr).toContain('are forgotten');
  platform.handlers.set('getRebalance', () => ({ body }));
  const command = start(platform, ['rebalance', '--moves-per-minute', '2']);
  await until(command, () => command.stderr.includes('1 moving'));
  command.interrupt();
  await until(command, () => command.code !== undefined);
  expect(command.code).toBe(EXIT.interrupted);
  expect(command.stderr).toContain('The moves go on.');
});

it('stops, and tells how far it was', async () => {
  const platform = new FakePlatform();
  platform.handlers.set('stopRebalance', () => ({ body: { ...ended, state: 'stopped', moves: [] } }));
  expect((await run(platform, ['rebalance', '--stop'])).stdout).toContain('No move would');
  platform.handlers.set('getRebalance', () => ({ body: { ...ended, moves: [{ ...MOVE, state: 'moved' }] } }));
  expect((await run(platform, ['rebalance', '--status'])).stdout).toContain('done: 1 move, 1 moved');
});

it.each([[[]], [['--dry-run', '--stop']], [['--moves-per-minute', '0']], [['--moves-per-minute', '601']]])(
  'wants to be told one thing to do: %j',
  async (options) => {
    const { stderr, code } = await run(new FakePlatform(), ['rebalance', ...options]);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('--moves-per-minute');
  },
);

import { expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run } from '../testing/run.ts';

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
  const { stdout, code } = await run(platform, ['rebalance', '--dry-run', '--moves', '7']);
  expect(code).toBe(EXIT.ok);
  expect(stdout).toContain('1 move would be made:');
  expect(stdout).toMatch(/web\.instance-1 +n1 +n2 +40 %/);
  expect(stdout).toMatch(/n1 +80 % +40 %/);
  expect(stdout).toContain('n2 (takes nothing)');
  expect(stdout).toContain('Not considered: 3 with volumes.');
  expect(platform.requests.at(-1)?.query.get('moves')).toBe('7');
});

it('does not pretend to move anything', async () => {
  const { stderr, code } = await run(new FakePlatform(), ['rebalance']);
  expect(code).toBe(EXIT.usage);
  expect(stderr).toContain('--dry-run');
});

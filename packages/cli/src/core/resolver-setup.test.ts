import { expect, test } from 'vitest';
import { planResolver, type ResolverPlan } from './resolver-setup.ts';

const place = { address: '127.0.0.1', port: 53, domain: 'mesos' };

test('resolv.conf gets a line before the others, once, and undoing leaves it as it was', () => {
  const plan = planResolver('resolv.conf', place) as ResolverPlan;
  const before = 'search example.com\nnameserver 10.0.0.53\n';
  const after = plan.setUp(before);
  expect(after.split('\n')[1]).toBe('nameserver 127.0.0.1');
  expect(plan.setUp(after)).toBe(after);
  expect(plan.undo(after)).toBe(before);
  expect(plan.undo(before)).toBe(before);
});

test('resolv.conf knows no ports', () => {
  expect(planResolver('resolv.conf', { ...place, port: 8053 })).toMatch(/--dns-port 53/);
});

test('other resolvers get a file of their own that is removed again', () => {
  const plan = planResolver('dnsmasq', { ...place, port: 8053 }) as ResolverPlan;
  expect(plan.path).toBe('/etc/dnsmasq.d/stadion.conf');
  expect(plan.setUp(undefined)).toContain('server=/mesos/127.0.0.1#8053\n');
  expect(plan.undo(plan.setUp(undefined))).toBeUndefined();
});

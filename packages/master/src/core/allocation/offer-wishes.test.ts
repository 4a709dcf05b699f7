import { describe, expect, it } from 'vitest';
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { FrameworkInfo } from '@stadion/contract/mesos';
import type { AttributeConstraint } from '@stadion/contract/mesos-workload';
import { Cluster, resources } from '../../testing/cluster.ts';
import { parseResources } from '../resources/resource-format.ts';
import { isAllocatable, readWishes } from './offer-wishes.ts';

const FRAMEWORK: FrameworkInfo = { user: '', name: 'f' };
const AGENT: AgentInfo = {
  hostname: 'host-7',
  ip: '10.0.0.1',
  port: 5051,
  resources: [],
  attributes: [
    { name: 'rack', type: 'TEXT', text: { value: 'r12' } },
    { name: 'level', type: 'SCALAR', scalar: { value: 3 } },
  ],
  domain: { fault_domain: { region: { name: 'eu' }, zone: { name: 'eu-1' } } },
  version: '1.11.0',
  containerizers: [],
};

function holds(...groups: AttributeConstraint[][]): boolean | undefined {
  const read = readWishes(FRAMEWORK, {
    role_constraints: { web: { groups: groups.map((attribute_constraints) => ({ attribute_constraints })) } },
  });
  if (!read.ok) throw new Error(read.problem);
  return read.wishes.agents.get('web')?.(AGENT);
}

const rack = (predicate: AttributeConstraint['predicate']): AttributeConstraint => ({
  selector: { attribute_name: 'rack' },
  predicate,
});

describe('constraints on offers', () => {
  it.each<[AttributeConstraint['selector'], AttributeConstraint['predicate'], boolean]>([
    [{ attribute_name: 'rack' }, { exists: {} }, true],
    [{ attribute_name: 'none' }, { exists: {} }, false],
    [{ attribute_name: 'none' }, { not_exists: {} }, true],
    [{ attribute_name: 'rack' }, { text_equals: { value: 'r12' } }, true],
    [{ attribute_name: 'rack' }, { text_equals: { value: 'r1' } }, false],
    [{ attribute_name: 'none' }, { text_equals: { value: '' } }, false],
    [{ attribute_name: 'rack' }, { text_not_equals: { value: 'r1' } }, true],
    [{ attribute_name: 'none' }, { text_not_equals: { value: 'r1' } }, true],
    [{ attribute_name: 'rack' }, { text_matches: { regex: 'r\\d+' } }, true],
    [{ attribute_name: 'rack' }, { text_matches: { regex: '\\d+' } }, false],
    [{ attribute_name: 'rack' }, { text_not_matches: { regex: 'r\\d+' } }, false],
    [{ attribute_name: 'level' }, { text_equals: { value: '4' } }, true],
    [{ pseudoattribute_type: 'HOSTNAME' }, { text_equals: { value: 'host-7' } }, true],
    [{ pseudoattribute_type: 'REGION' }, { text_equals: { value: 'us' } }, false],
    [{ pseudoattribute_type: 'ZONE' }, { text_matches: { regex: 'eu-.*' } }, true],
  ])('%j %j: %s', (selector, predicate, expected) => {
    expect(holds([{ selector, predicate }])).toBe(expected);
  });

  it('hold when all of one group do', () => {
    const [yes, no] = [rack({ exists: {} }), rack({ not_exists: {} })];
    expect(holds([yes, no], [yes])).toBe(true);
    expect(holds([yes, no], [no])).toBe(false);
  });

  it.each<[string, AttributeConstraint]>([
    ['two predicates', rack({ exists: {}, not_exists: {} })],
    ['no predicate', rack({})],
    ['no selector', { selector: {}, predicate: { exists: {} } }],
    ['a pattern that is none', rack({ text_matches: { regex: '(' } })],
    ['a pattern without end', rack({ text_matches: { regex: 'a'.repeat(5000) } })],
  ])('are refused with %s', (_, constraint) => {
    expect(() => holds([constraint])).toThrow(/offer_constraints/);
  });

  it('cannot hold the master up by a pattern', () => {
    const agent = { ...AGENT, hostname: `${'a'.repeat(5000)}b` };
    const constraint: AttributeConstraint = {
      selector: { pseudoattribute_type: 'HOSTNAME' },
      predicate: { text_matches: { regex: '(a*)*c' } },
    };
    const read = readWishes(FRAMEWORK, {
      role_constraints: { web: { groups: [{ attribute_constraints: [constraint] }] } },
    });
    expect(read.ok && read.wishes.agents.get('web')?.(agent)).toBe(false);
  });

  it('decide who is offered which agent, and follow UPDATE_FRAMEWORK', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework({
      roles: ['web'],
      capabilities: [{ type: 'MULTI_ROLE' }],
    });
    const only = (hostname: string) => ({
      role_constraints: {
        web: {
          groups: [
            {
              attribute_constraints: [
                {
                  selector: { pseudoattribute_type: 'HOSTNAME' as const },
                  predicate: { text_equals: { value: hostname } },
                },
              ],
            },
          ],
        },
      },
    });
    const update = (offer_constraints: ReturnType<typeof only> | undefined) =>
      framework.send({
        type: 'UPDATE_FRAMEWORK',
        framework_id: { value: framework.id },
        update_framework: {
          framework_info: framework.info,
          ...(offer_constraints === undefined ? {} : { offer_constraints }),
        },
      });
    await update(only('a2'));
    for (const name of ['a1', 'a2']) await cluster.agent(name);
    expect(framework.offers().map(({ hostname }) => hostname)).toEqual(['a2']);
    await update(undefined);
    expect(
      framework
        .offers()
        .map(({ hostname }) => hostname)
        .sort(),
    ).toEqual(['a1', 'a2']);
  });
});

describe('minimal amounts', () => {
  const wishes = (quantities: { quantities: Record<string, { value: number }> }[]) => {
    const read = readWishes(
      { ...FRAMEWORK, offer_filters: { web: { min_allocatable_resources: { quantities } } } },
      undefined,
    );
    if (!read.ok) throw new Error(read.problem);
    return read.wishes.amounts.get('web');
  };
  const vector = (...args: Parameters<typeof resources>) => {
    const parsed = parseResources(resources(...args));
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.vector;
  };

  it('are those of one of the entries; none at all means that anything will do', () => {
    const enough = wishes([
      { quantities: { cpus: { value: 2 }, mem: { value: 100 } } },
      { quantities: { ports: { value: 3 } } },
    ]);
    expect(enough?.(vector(2, 100))).toBe(true);
    expect(enough?.(vector(2, 99))).toBe(false);
    expect(enough?.(vector(0, 1, { ports: [1, 3] }))).toBe(true);
    expect(wishes([])?.(vector(0, 1))).toBe(true);
    expect(isAllocatable(vector(0, 1))).toBe(false);
  });

  it('may not be empty, nor below nothing', () => {
    expect(() => wishes([{ quantities: {} }])).toThrow(/offer_filters/);
    expect(() => wishes([{ quantities: { cpus: { value: -1 } } }])).toThrow(/offer_filters/);
  });

  it('below those of everybody else are offered what nobody else is', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('small', resources(0.005, 16));
    const modest = await cluster.framework({
      roles: ['web'],
      capabilities: [{ type: 'MULTI_ROLE' }],
      offer_filters: { web: { min_allocatable_resources: { quantities: [] } } },
    });
    await cluster.time.advance(3_000);
    expect(modest.offers().map(({ hostname }) => hostname)).toEqual(['small']);
  });
});

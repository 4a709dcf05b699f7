/** What a framework wants to be offered, by role: agents with certain attributes, and not less than certain amounts. */
import { RE2JS } from 're2js';
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { FrameworkInfo } from '@stadion/contract/mesos';
import type { AttributeConstraint, OfferConstraints } from '@stadion/contract/mesos-workload';
import { OFFER_CONSTRAINTS_MAX, OFFER_PATTERN_LENGTH_MAX } from '../../limits.ts';
import { portCount } from '../resources/port-ranges.ts';
import { portsOf, revocableCpusOf, scalarsOf, type ResourceVector } from '../resources/resource-vector.ts';

/** Mesos `min_allocatable_resources`: 0.01 cpus or 32 MiB, in thousandths. */
const ALLOCATABLE_CPUS_MIN = 10;
const ALLOCATABLE_MEM_MIN = 32_000;

/** Whether something may be offered, as far as wishes go. */
export interface OfferWishes {
  /** Roles that say which agents they want. */
  readonly agents: ReadonlyMap<string, (agent: AgentInfo) => boolean>;
  /** Roles that say what is enough. */
  readonly amounts: ReadonlyMap<string, (resources: ResourceVector) => boolean>;
}

/** No wishes. */
export const NO_WISHES: OfferWishes = { agents: new Map(), amounts: new Map() };

/** Wishes that can be looked up, or a sentence that says what is wrong with them. */
export type ReadWishes =
  { readonly ok: true; readonly wishes: OfferWishes } | { readonly ok: false; readonly problem: string };

/** Reads what a framework says when it subscribes or describes itself anew. */
export function readWishes(info: FrameworkInfo, constraints: OfferConstraints | undefined): ReadWishes {
  const agents = new Map<string, (agent: AgentInfo) => boolean>();
  const amounts = new Map<string, (resources: ResourceVector) => boolean>();
  let count = 0;
  for (const [role, { groups }] of Object.entries(constraints?.role_constraints ?? {})) {
    if (groups.length === 0) return refused(`the constraints of the role '${role}' have no groups`);
    const alternatives: ((agent: AgentInfo) => boolean)[][] = [];
    for (const { attribute_constraints: list } of groups) {
      if (list.length === 0) return refused(`a group of the role '${role}' has no constraints`);
      count += list.length;
      if (count > OFFER_CONSTRAINTS_MAX) return refused(`there are more than ${String(OFFER_CONSTRAINTS_MAX)}`);
      const all: ((agent: AgentInfo) => boolean)[] = [];
      for (const constraint of list) {
        const test = readConstraint(constraint);
        if (typeof test === 'string') return refused(test);
        all.push(test);
      }
      alternatives.push(all);
    }
    agents.set(role, (agent) => alternatives.some((all) => all.every((holds) => holds(agent))));
  }
  for (const [role, { min_allocatable_resources: minimum }] of Object.entries(info.offer_filters ?? {})) {
    if (minimum === undefined) continue;
    for (const { quantities } of minimum.quantities) {
      const isWrong = Object.values(quantities).some(({ value }) => !(value >= 0));
      if (Object.keys(quantities).length === 0 || isWrong) {
        return { ok: false, problem: `'offer_filters' of the role '${role}' have an amount that is none` };
      }
    }
    const { quantities: alternatives } = minimum;
    amounts.set(
      role,
      (resources) =>
        alternatives.length === 0 || alternatives.some(({ quantities }) => hasAmounts(resources, quantities)),
    );
  }
  return { ok: true, wishes: { agents, amounts } };
}

/** Whether this is worth an offer to a role that does not say what is. */
export function isAllocatable(resources: ResourceVector): boolean {
  const { cpus, mem } = scalarsOf(resources);
  return cpus + revocableCpusOf(resources) >= ALLOCATABLE_CPUS_MIN || mem >= ALLOCATABLE_MEM_MIN;
}

function hasAmounts(resources: ResourceVector, wanted: Readonly<Record<string, { readonly value: number }>>): boolean {
  const own = scalarsOf(resources);
  const scalars = { ...own, cpus: own.cpus + revocableCpusOf(resources) };
  return Object.entries(wanted).every(([name, { value }]) => {
    if (name === 'ports') return portCount(portsOf(resources)) >= value;
    return Object.hasOwn(scalars, name) && scalars[name as keyof typeof scalars] >= Math.round(value * 1000);
  });
}

function refused(problem: string): ReadWishes {
  return { ok: false, problem: `'offer_constraints' cannot be used: ${problem}` };
}

/** `undefined`: not there; `null`: not a text, so that whoever looks at texts only lets it pass (Mesos 1.11). */
type Looked = string | null | undefined;

function readConstraint({ selector, predicate }: AttributeConstraint): ((agent: AgentInfo) => boolean) | string {
  const { attribute_name: name, pseudoattribute_type: pseudo } = selector;
  if ((name === undefined) === (pseudo === undefined)) return 'a selector names an attribute or a pseudoattribute';
  const look = (agent: AgentInfo): Looked =>
    pseudo === undefined ? attributeOf(agent, name ?? '') : pseudoattributeOf(agent, pseudo);
  const given = Object.entries(predicate);
  if (given.length !== 1) return 'a constraint has exactly one predicate';
  const test = readPredicate(predicate);
  return typeof test === 'string' ? test : (agent) => test(look(agent));
}

function readPredicate(predicate: AttributeConstraint['predicate']): ((looked: Looked) => boolean) | string {
  if (predicate.exists !== undefined) return (looked) => looked !== undefined;
  if (predicate.not_exists !== undefined) return (looked) => looked === undefined;
  const { text_equals: equals, text_not_equals: differs, text_matches: matches, text_not_matches: other } = predicate;
  if (equals !== undefined) return (looked) => looked === null || looked === equals.value;
  if (differs !== undefined) return (looked) => looked !== differs.value;
  const { regex = '' } = matches ?? other ?? {};
  if (regex.length > OFFER_PATTERN_LENGTH_MAX) {
    return `a pattern is longer than ${String(OFFER_PATTERN_LENGTH_MAX)} characters`;
  }
  try {
    // Of linear time, whatever the pattern: it comes from somebody else.
    const pattern = RE2JS.compile(regex);
    return matches === undefined
      ? (looked) => typeof looked !== 'string' || !pattern.matches(looked)
      : (looked) => looked === null || (looked !== undefined && pattern.matches(looked));
  } catch {
    return `'${regex.slice(0, 64)}' is no regular expression`;
  }
}

function attributeOf({ attributes }: AgentInfo, name: string): Looked {
  const attribute = attributes.find((each) => each.name === name);
  return attribute === undefined ? undefined : (attribute.text?.value ?? null);
}

function pseudoattributeOf({ hostname, domain }: AgentInfo, pseudo: 'HOSTNAME' | 'REGION' | 'ZONE'): Looked {
  if (pseudo === 'HOSTNAME') return hostname;
  const place = domain?.fault_domain;
  return pseudo === 'REGION' ? place?.region.name : place?.zone.name;
}

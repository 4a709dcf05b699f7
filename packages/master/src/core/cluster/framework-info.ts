/** Reads and checks what a framework says about itself. */
import type { FrameworkCapability, FrameworkInfo } from '@stadion/contract/mesos';
import { FRAMEWORK_CHOSEN_ID_LENGTH_MAX } from '../../limits.ts';

/** The roles a framework is in: `roles` with MULTI_ROLE, else `role` (default `*`). */
export function rolesOf(info: FrameworkInfo): readonly string[] {
  return hasCapability(info, 'MULTI_ROLE') ? (info.roles ?? []) : [info.role ?? '*'];
}

/** True when the framework declares the capability. */
export function hasCapability(info: FrameworkInfo, capability: FrameworkCapability): boolean {
  return info.capabilities?.some(({ type }) => type === capability) ?? false;
}

/**
 * What is wrong with a framework's description, as a sentence, or undefined.
 * Rules: `mesos::internal::master::validation::framework` (MULTI_ROLE against `role`, valid and unique roles).
 */
export function frameworkProblem(info: FrameworkInfo, suppressedRoles: readonly string[]): string | undefined {
  if (hasCapability(info, 'MULTI_ROLE')) {
    if (info.role !== undefined) return `'FrameworkInfo.role' must not be set with the capability MULTI_ROLE`;
  } else if (info.roles !== undefined && info.roles.length > 0) {
    return `'FrameworkInfo.roles' needs the capability MULTI_ROLE`;
  }
  const roles = rolesOf(info);
  if (new Set(roles).size !== roles.length) return `'FrameworkInfo.roles' contains a role twice`;
  for (const role of roles) {
    const problem = roleProblem(role);
    if (problem !== undefined) return problem;
  }
  for (const role of suppressedRoles) {
    if (!roles.includes(role)) return `Suppressed role '${role}' is not contained in the list of roles`;
  }
  const timeout = info.failover_timeout;
  if (timeout !== undefined && !(timeout >= 0)) return `'FrameworkInfo.failover_timeout' must not be negative`;
  if (info.id !== undefined && info.id.value !== '') return chosenIdProblem(info.id.value, 'Framework');
  return undefined;
}

/** What is wrong with an id that a framework chose, or undefined (`mesos::internal::common::validation::validateID`). */
export function chosenIdProblem(id: string, kind: string): string | undefined {
  if (id === '') return `${kind} ID must not be empty`;
  if (id.length > FRAMEWORK_CHOSEN_ID_LENGTH_MAX) {
    return `${kind} ID must not be greater than ${String(FRAMEWORK_CHOSEN_ID_LENGTH_MAX)} characters`;
  }
  if (id === '.' || id === '..') return `${kind} ID '${id}' is disallowed`;
  if (id.includes('/') || id.includes('\\') || CONTROL_CHARACTER.test(id)) {
    return `${kind} ID '${printable(id)}' contains a slash, a backslash or a control character`;
  }
  return undefined;
}

/** Ids become file names in sandboxes. */
const CONTROL_CHARACTER = /\p{Cc}/u;

/** What is wrong with the name of a role, or undefined (`mesos::roles::validate`). */
export function roleProblem(role: string): string | undefined {
  if (role === '*') return undefined;
  for (const part of role.split('/')) {
    if (part === '' || part === '.' || part === '..' || part === '*' || part.startsWith('-') || /[\s\b]/.test(part)) {
      return `Role '${role}' is not a valid name of a role`;
    }
  }
  return undefined;
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Gives versions to changed apps, so that everybody can tell scaling from a new configuration. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { specOf, type AppSpec } from './spec.ts';

/** True when tasks must be replaced: anything but the number of instances differs. */
export function isConfigChange(before: AppSpec, after: AppSpec): boolean {
  return !equalJson({ ...before, instances: 0 }, { ...after, instances: 0 });
}

/**
 * The app with its version.
 * @param previous the app as it is now, undefined for a new one
 * @param version the version of the change, a timestamp text
 * @returns `previous` itself when nothing changed
 */
export function stampVersion(spec: AppSpec, previous: AppDefinition | undefined, version: string): AppDefinition {
  const fresh = { ...spec, version, versionInfo: { lastScalingAt: version, lastConfigChangeAt: version } };
  if (previous === undefined || isConfigChange(specOf(previous), spec)) return fresh;
  if (previous.instances === spec.instances) return previous;
  const { lastConfigChangeAt } = previous.versionInfo;
  return { ...fresh, versionInfo: { lastScalingAt: version, lastConfigChangeAt } };
}

/** The same app as a new configuration, so that every task is replaced. */
export function stampRestart(app: AppDefinition, version: string): AppDefinition {
  return { ...app, version, versionInfo: { ...app.versionInfo, lastConfigChangeAt: version } };
}

/** Equality of JSON values; the order of members does not matter. */
function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const leftMembers = Object.entries(left) as [string, unknown][];
  if (leftMembers.length !== Object.keys(right).length) return false;
  return leftMembers.every(
    ([key, value]) => Object.hasOwn(right, key) && equalJson(value, (right as Readonly<Record<string, unknown>>)[key]),
  );
}

/** Makes canonical apps for tests, the way that they come into being: from what people send. */
import type { AppDefinition, AppInput } from '@stadion/contract/orchestrator';
import { resolveId } from '../app-id.ts';
import { stampVersion } from '../app-version.ts';
import { normalizeApp } from '../normalize.ts';
import { standardDefaults, type AppDefaults, type AppSpec } from '../spec.ts';

/** The canonical form of what is sent; throws when it is refused. */
export function makeSpec(input: AppInput, previous?: AppDefinition, defaults: AppDefaults = standardDefaults): AppSpec {
  const normal = normalizeApp(input, resolveId(input.id ?? previous?.id ?? 'app'), previous, defaults);
  if (!normal.ok) throw new Error(JSON.stringify(normal.violations));
  return normal.value;
}

/** The same with a version. */
export function makeApp(input: AppInput, version = '2026-01-01T00:00:00.000Z'): AppDefinition {
  return stampVersion(makeSpec(input), undefined, version);
}

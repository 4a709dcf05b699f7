import type { AppDefinition } from '@stadion/contract/orchestrator';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appDefinition } from '../../engine/testing/definitions.ts';
import { planSteps, type AppChange } from './plan.ts';

const IDS = ['/a', '/b', '/g/c', '/g/d', '/g/h/e', '/f'];
const GROUPS = ['/g', '/g/h'];
const OLD = '2026-01-01T00:00:00.000Z';
const NEW = '2026-01-02T00:00:00.000Z';

function app(id: string, instances: number, configuredAt: string): AppDefinition {
  const versionInfo = { lastScalingAt: configuredAt, lastConfigChangeAt: configuredAt };
  return appDefinition(id, { instances, version: configuredAt, versionInfo });
}

/** What happens to one app, or nothing. */
const fate = fc.record({
  kind: fc.constantFrom('none', 'create', 'remove', 'update'),
  before: fc.nat(2),
  after: fc.nat(2),
  isNew: fc.boolean(),
  hasOutdated: fc.boolean(),
});
/** Later ids may depend on earlier ones, and on groups in which no later id is: there are no circles. */
const dependencies = fc.tuple(
  ...IDS.map((_, index) => {
    const possible = [...IDS.slice(0, index), ...(index === IDS.length - 1 ? GROUPS : [])];
    return fc.subarray(possible);
  }),
);

test('every change has its one action, in the layer of its longest way of dependencies', () => {
  fc.assert(
    fc.property(fc.tuple(...IDS.map(() => fate)), dependencies, (fates, named) => {
      const changes = IDS.flatMap((id, index): AppChange[] => {
        const chosen = fates[index];
        if (chosen === undefined) return [];
        const { kind, before, after, isNew, hasOutdated } = chosen;
        if (kind === 'none') return [];
        const from = kind === 'create' ? undefined : app(id, before, OLD);
        const to = kind === 'remove' ? undefined : app(id, after, isNew ? NEW : OLD);
        return [{ id, from, to, hasOutdated: kind === 'update' && hasOutdated }];
      });
      const dependenciesOf = (id: string) => named[IDS.indexOf(id)] ?? [];
      const membersOf = (id: string) =>
        GROUPS.includes(id) ? IDS.filter((each) => each.startsWith(`${id}/`)) : undefined;
      const steps = planSteps(changes, { dependenciesOf, membersOf });
      const depth = (id: string): number =>
        Math.max(
          0,
          ...dependenciesOf(id)
            .flatMap((each) => membersOf(each) ?? [each])
            .map((each) => 1 + depth(each)),
        );
      const layers = [...new Set(changes.map(({ id }) => depth(id)))].sort((left, right) => left - right);
      const wanted = [
        changes.flatMap(({ id, to }) => (to === undefined ? [`Stop ${id}`] : [])),
        changes.flatMap(({ id, from }) => (from === undefined ? [`Start ${id}`] : [])),
        ...layers.map((layer) => changes.filter(({ id }) => depth(id) === layer).flatMap(actionOf)),
      ];
      const planned = steps.map(({ actions }) =>
        actions.map(({ action, app: id }) => `${action.replace('Application', '')} ${id}`),
      );
      expect(planned).toEqual(wanted.filter((actions) => actions.length > 0));
    }),
    { numRuns: 500 },
  );
});

/** The reference's sentence, once more. */
function actionOf({ id, from, to, hasOutdated }: AppChange): string[] {
  if (to === undefined) return [];
  if (from === undefined) return [`Scale ${id}`];
  const restarts = hasOutdated || from.version !== to.version;
  if (restarts) return [to.instances === 0 ? `Scale ${id}` : `Restart ${id}`];
  return from.instances === to.instances ? [] : [`Scale ${id}`];
}

import type { AppDefinition } from '@stadion/contract/orchestrator';
import { describe, expect, it } from 'vitest';
import { appDefinition } from '../../engine/testing/definitions.ts';
import type { DependencyGraph } from './dependency-depths.ts';
import { planSteps, type AppChange } from './plan.ts';

const OLD = '2026-01-01T00:00:00.000Z';
const NEW = '2026-01-02T00:00:00.000Z';

function app(id: string, instances: number, configuredAt = OLD): AppDefinition {
  return appDefinition(id, {
    instances,
    version: configuredAt,
    versionInfo: { lastScalingAt: configuredAt, lastConfigChangeAt: configuredAt },
  });
}

function change(id: string, from: AppDefinition | undefined, to: AppDefinition | undefined): AppChange {
  return { id, from, to, hasOutdated: false };
}

/** Who depends on what, without groups. */
function graph(dependenciesOf: (id: string) => readonly string[]): DependencyGraph {
  return { dependenciesOf, membersOf: () => undefined };
}

const nothing = graph(() => []);

describe('planning a deployment', () => {
  it('starts a new app at nothing, then scales it', () => {
    expect(planSteps([change('/a', undefined, app('/a', 2))], nothing)).toEqual([
      { actions: [{ action: 'StartApplication', app: '/a' }] },
      { actions: [{ action: 'ScaleApplication', app: '/a' }] },
    ]);
  });

  it('stops what is removed first', () => {
    const steps = planSteps(
      [change('/new', undefined, app('/new', 1)), change('/old', app('/old', 1), undefined)],
      nothing,
    );
    expect(steps.map((step) => step.actions.map(({ action }) => action))).toEqual([
      ['StopApplication'],
      ['StartApplication'],
      ['ScaleApplication'],
    ]);
  });

  it('restarts on a new configuration, scales when only the number changes, and to nothing', () => {
    const actionOf = (from: AppDefinition, to: AppDefinition) =>
      planSteps([change('/a', from, to)], nothing)[0]?.actions[0]?.action;
    expect(actionOf(app('/a', 1), app('/a', 1, NEW))).toBe('RestartApplication');
    expect(actionOf(app('/a', 1), app('/a', 3))).toBe('ScaleApplication');
    expect(actionOf(app('/a', 1), app('/a', 0, NEW))).toBe('ScaleApplication');
    expect(actionOf(app('/a', 1), app('/a', 1))).toBeUndefined();
  });

  it('goes on with a rollout that was cut short, even when only the number changes', () => {
    const steps = planSteps([{ id: '/a', from: app('/a', 1, NEW), to: app('/a', 2, NEW), hasOutdated: true }], nothing);
    expect(steps).toEqual([{ actions: [{ action: 'RestartApplication', app: '/a' }] }]);
  });

  it('replaces what still runs of an app of the same name that was removed just before', () => {
    const steps = planSteps([{ id: '/a', from: undefined, to: app('/a', 2, NEW), hasOutdated: true }], nothing);
    expect(steps).toEqual([
      { actions: [{ action: 'StartApplication', app: '/a' }] },
      { actions: [{ action: 'RestartApplication', app: '/a' }] },
    ]);
  });

  it('takes dependencies layer by layer, lowest first', () => {
    const dependencies: Record<string, string[]> = { '/web': ['/api'], '/api': ['/db'], '/cache': [] };
    const changes = ['/web', '/api', '/db', '/cache'].map((id) => change(id, app(id, 1), app(id, 1, NEW)));
    const steps = planSteps(
      changes,
      graph((id) => dependencies[id] ?? []),
    );
    expect(steps.map((step) => step.actions.map((action) => action.app))).toEqual([
      ['/db', '/cache'],
      ['/api'],
      ['/web'],
    ]);
  });

  it('takes everything in a group for what depends on the group, however deep its members are', () => {
    const dependencies: Record<string, string[]> = { '/web': ['/data'], '/data/api': ['/data/db'] };
    const members = new Map([['/data', ['/data/api', '/data/db']]]);
    const ids = ['/web', '/data/api', '/data/db'];
    const changes = ids.map((id) => change(id, app(id, 1), app(id, 1, NEW)));
    const steps = planSteps(changes, {
      dependenciesOf: (id) => dependencies[id] ?? [],
      membersOf: (id) => members.get(id),
    });
    expect(steps.map((step) => step.actions.map((action) => action.app))).toEqual([
      ['/data/db'],
      ['/data/api'],
      ['/web'],
    ]);
  });

  it('follows a chain of thousands', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `/app-${String(index)}`);
    const next = new Map(ids.map((id, index) => [id, ids.slice(index + 1, index + 2)]));
    const steps = planSteps(
      ids.slice(0, 1).map((id) => change(id, app(id, 1), app(id, 1, NEW))),
      graph((id) => next.get(id) ?? []),
    );
    expect(steps).toHaveLength(1);
  });

  it('does not hang on a cycle', () => {
    const changes = ['/a', '/b'].map((id) => change(id, app(id, 1), app(id, 1, NEW)));
    const steps = planSteps(
      changes,
      graph((id) => (id === '/a' ? ['/b'] : ['/a'])),
    );
    expect(steps.flatMap((step) => step.actions)).toHaveLength(2);
  });

  it('brings up what is in a circle at once: after what that depends on, before what depends on it', () => {
    const dependencies = new Map([
      ['/web', ['/g']],
      ['/g/a', ['/b']],
      ['/b', ['/g']],
      ['/g/c', ['/db']],
    ]);
    const members = (id: string): readonly string[] | undefined => (id === '/g' ? ['/g/a', '/g/c'] : undefined);
    // Whatever it is asked about first.
    for (const ids of [
      ['/web', '/g/a', '/b', '/g/c', '/db'],
      ['/g/a', '/web', '/b', '/db', '/g/c'],
      ['/db', '/b', '/g/c', '/g/a', '/web'],
    ]) {
      const steps = planSteps(
        ids.map((id) => change(id, app(id, 1), app(id, 1, NEW))),
        { dependenciesOf: (id) => dependencies.get(id) ?? [], membersOf: members },
      );
      const apps = steps.map(({ actions }) => actions.map((action) => action.app).sort());
      expect(apps).toEqual([['/db'], ['/g/c'], ['/b', '/g/a'], ['/web']]);
    }
  });
});

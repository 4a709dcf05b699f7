import { describe, expect, it } from 'vitest';
import { sampleApp } from '../sample-app.ts';
import { orderChecker, type OrderView } from './order.ts';

const VERSION = '2026-01-01T00:00:00.000Z';

/** What the checker looks at: `/web` depends on `/db`. */
class Stage {
  readonly apps = new Map([
    ['/web', { ...sampleApp('/web', VERSION, 'one'), dependencies: ['/db'] }],
    ['/db', sampleApp('/db', VERSION, 'one')],
  ]);
  order: readonly string[] = ['/db', '/web'];
  currentStep = 1;
  readonly begun = new Map<string, string[]>();
  readonly complaints: string[] = [];
  private readonly checker = orderChecker(
    () => this.view(),
    (message) => this.complaints.push(message),
  );

  look(): void {
    this.checker.afterTurn?.();
  }

  private view(): OrderView {
    const { apps, begun, order, currentStep } = this;
    const steps = order.map((app) => ({ actions: [{ action: 'ScaleApplication', app }] }));
    return {
      root: { spec: (id) => apps.get(id), specs: () => apps.values(), group: () => undefined },
      instances: (appId) => (begun.get(appId) ?? []).map((id) => ({ id, incarnation: 0 })),
      deployments: () => [{ id: 'd1', steps, currentStep }],
    };
  }
}

describe('the checker of order', () => {
  it('is content when what is depended on comes first, and each app begins in its step', () => {
    const stage = new Stage();
    stage.look();
    stage.begun.set('/db', ['db-1']);
    stage.look();
    stage.currentStep = 2;
    stage.begun.set('/web', ['web-1']);
    stage.look();
    expect(stage.complaints).toEqual([]);
  });

  it('sees a plan in the wrong order', () => {
    const stage = new Stage();
    stage.order = ['/web', '/db'];
    stage.look();
    expect(stage.complaints).toEqual(['d1 does not bring up /db before /web, which depends on it']);
  });

  it('sees an instance that is begun too early', () => {
    const stage = new Stage();
    stage.look();
    stage.begun.set('/web', ['web-1']);
    stage.look();
    expect(stage.complaints).toEqual(['web-1 was begun in step 1 of d1, too early']);
  });
});

import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { describe, expect, it } from 'vitest';
import { sampleApp } from '../sample-app.ts';
import { wayBackChecker } from './way-back.ts';

const BEGIN = Date.UTC(2026, 0, 1);
const VERSIONS = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.000Z'] as const;

/** What the checker looks at: one app, and what deployments did to it. */
class Stage {
  app: AppDefinition | undefined = sampleApp('/web', VERSIONS[0], 'old');
  records: DeploymentRecord[] = [];
  version: string = VERSIONS[0];
  now = BEGIN;
  standsStill = false;
  readonly complaints: string[] = [];
  readonly explained: string[] = [];
  private readonly checker = wayBackChecker(
    {
      look: () => {
        const { app, version } = this;
        return { root: { version, spec: () => app, app: () => app }, deploymentRecords: () => this.records };
      },
      standsStill: () => this.standsStill,
      now: () => this.now,
      appIds: ['/web'],
      toleranceMs: () => 0,
      explain: (appId) => this.explained.push(appId),
    },
    (message) => this.complaints.push(message),
  );

  /** The root becomes this by a deployment of this name. */
  deploy(id: string, app: AppDefinition | undefined, more: Partial<DeploymentRecord> = {}): void {
    this.app = app;
    this.version = VERSIONS[this.records.length + 1] ?? '';
    this.records.unshift({
      id,
      version: this.version,
      outcome: 'running',
      startedAt: new Date(this.now).toISOString(),
      durationSeconds: 0,
      affectedApps: ['/web'],
      changes: [],
      failureCount: 0,
      failures: [],
      isRollBack: false,
      ...more,
    });
    this.look();
  }

  look(): void {
    this.checker.afterTurn?.();
  }

  event(): void {
    this.checker.afterEvent?.();
  }

  crash(): void {
    this.checker.beforeCrash?.();
  }
}

const WAY_BACK = { by: 'roll back of d1', isRollBack: true };

function withRollback(rollback: NonNullable<AppDefinition['upgradeStrategy']['rollback']>): AppDefinition {
  const app = sampleApp('/web', VERSIONS[1], 'new');
  return { ...app, upgradeStrategy: { ...app.upgradeStrategy, rollback } };
}

describe('the checker of the way back', () => {
  it('is content when everything is what it was, under a new version', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', sampleApp('/web', VERSIONS[1], 'new'));
    stage.deploy('d2', sampleApp('/web', VERSIONS[2], 'old'), WAY_BACK);
    expect(stage.complaints).toEqual([]);
    expect(stage.explained).toEqual(['/web']);
  });

  it('sees a way back that leads elsewhere', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', sampleApp('/web', VERSIONS[1], 'new'));
    stage.deploy('d2', sampleApp('/web', VERSIONS[2], 'other'), WAY_BACK);
    expect(stage.complaints).toEqual([expect.stringContaining('d2 takes d1 back: /web is')]);
  });

  it('sees an app that was not there before and is not removed', () => {
    const stage = new Stage();
    stage.app = undefined;
    stage.look();
    stage.deploy('d1', sampleApp('/web', VERSIONS[1], 'new'));
    stage.deploy('d2', sampleApp('/web', VERSIONS[2], 'new'), WAY_BACK);
    expect(stage.complaints).toEqual([expect.stringContaining('and was not there')]);
  });

  it('sees a deployment that goes on beyond its deadline, and none before', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', withRollback({ deadlineSeconds: 30 }));
    stage.now += 34_000;
    stage.look();
    expect(stage.complaints).toEqual([]);
    stage.now += 5_000;
    stage.look();
    expect(stage.complaints).toEqual(['d1 was to be done within 30 seconds, and goes on']);
  });

  it('does not ask of a leader that dies while it stands still what it had no time for', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', withRollback({ deadlineSeconds: 30 }));
    stage.standsStill = true;
    stage.now += 60_000;
    stage.crash();
    expect(stage.complaints).toEqual([]);
  });

  it('gives a leader that goes on a moment to find what is due', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', withRollback({ deadlineSeconds: 30 }));
    stage.standsStill = true;
    stage.now += 60_000;
    stage.event();
    stage.standsStill = false;
    stage.look();
    expect(stage.complaints).toEqual([]);
    stage.now += 5_000;
    stage.look();
    expect(stage.complaints).toEqual(['d1 was to be done within 30 seconds, and goes on']);
  });

  it('counts anew from when a deployment that was held is seen to go on', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', withRollback({ deadlineSeconds: 30 }));
    const become = (outcome: DeploymentRecord['outcome']): void => {
      stage.records = stage.records.map((record) => ({ ...record, outcome }));
      stage.now += 5_000;
      stage.look();
    };
    become('paused');
    stage.now += 600_000;
    become('running');
    stage.now += 29_000;
    become('running');
    expect(stage.complaints).toEqual([]);
    become('running');
    expect(stage.complaints).toEqual(['d1 was to be done within 30 seconds, and goes on']);
  });

  it('counts from when it has seen a deployment, whatever the clock of its leader said', () => {
    const stage = new Stage();
    stage.look();
    const startedAt = new Date(BEGIN - 60_000).toISOString();
    stage.deploy('d1', withRollback({ deadlineSeconds: 30 }), { startedAt });
    stage.now += 34_000;
    stage.look();
    expect(stage.complaints).toEqual([]);
  });

  it('sees a deployment that goes on after too many failures, unless it is held', () => {
    const stage = new Stage();
    stage.look();
    stage.deploy('d1', withRollback({ afterFailures: 2 }), { failureCount: 2, outcome: 'paused' });
    stage.now += 10_000;
    stage.look();
    expect(stage.complaints).toEqual([]);
    stage.records = stage.records.map((record) => ({ ...record, outcome: 'running' }));
    stage.now += 10_000;
    stage.look();
    expect(stage.complaints).toEqual(['d1 goes on after 2 failures, 2 were the end']);
  });
});

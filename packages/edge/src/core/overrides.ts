/** What people change by hand: servers taken out of the routes, shares of apps. It stands until it is taken back. */
import type { Fragment, Server, Service } from './model.ts';

/** The changes. Plain JSON. */
export interface OverrideState {
  /** Ids of servers (`host:port`), of tasks, or of apps (with a slash). */
  readonly drained: readonly string[];
  readonly shares: Readonly<Record<string, number>>;
}

/** None. */
export const noOverrides: OverrideState = { drained: [], shares: {} };

/** The changes in use. */
export class Overrides {
  readonly state: OverrideState;
  private readonly drained: ReadonlySet<string>;

  constructor(state: OverrideState) {
    this.state = state;
    this.drained = new Set(state.drained);
  }

  withDrained(target: string, isDrained: boolean): Overrides {
    const drained = this.state.drained.filter((one) => one !== target);
    return new Overrides({ ...this.state, drained: isDrained ? [...drained, target] : drained });
  }

  withShare(app: string, share: number | undefined): Overrides {
    const shares = Object.fromEntries(Object.entries(this.state.shares).filter(([id]) => id !== app));
    return new Overrides({ ...this.state, shares: share === undefined ? shares : { ...shares, [app]: share } });
  }

  /** A fragment as it is after them. */
  applyTo(fragment: Fragment): Fragment {
    const share = this.state.shares[fragment.source];
    if (this.drained.size === 0 && share === undefined) return fragment;
    return { ...fragment, services: fragment.services.map((service) => this.service(service, share)) };
  }

  private service(service: Service, share: number | undefined): Service {
    if (service.kind !== 'servers') return service;
    const servers = service.servers.map((server) =>
      this.isDrained(server) ? { ...server, isDraining: true } : server,
    );
    return { ...service, servers, ...(share === undefined ? {} : { share }) };
  }

  private isDrained({ id, taskId, appId }: Server): boolean {
    const { drained } = this;
    return (
      drained.has(id) || (taskId !== undefined && drained.has(taskId)) || (appId !== undefined && drained.has(appId))
    );
  }
}

/** The roles in which this framework takes offers: its own, and those of apps that have another one. */
import type { EngineConfig } from './config.ts';
import type { Fleet } from './fleet.ts';
import { FRAMEWORK_ROLES_MAX } from './limits.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';
import type { RootState } from './root-state.ts';

interface FrameworkRolesParts {
  readonly config: EngineConfig;
  /** The role of every app and reservation; may give one several times. */
  readonly inUse: () => Iterable<string>;
}

/** One per engine. Roles are added as apps need them; those that nobody has any more go with the next subscription. */
export class FrameworkRoles {
  private readonly parts: FrameworkRolesParts;
  private readonly own: readonly string[];
  private known: Set<string>;

  constructor(parts: FrameworkRolesParts) {
    const { role, reservationRole } = parts.config;
    this.parts = parts;
    this.own = role === '*' ? [role, reservationRole] : [role];
    this.known = new Set(this.own);
  }

  /** All that the master knows of, or is about to. */
  all(): string[] {
    return [...this.known];
  }

  /** What a new subscription is for. */
  renew(): string[] {
    this.known = new Set(this.own);
    for (const role of this.parts.inUse()) this.add(role);
    return this.all();
  }

  /** True when it is new: the master is to be told. */
  add(role: string): boolean {
    if (this.known.has(role) || this.known.size >= FRAMEWORK_ROLES_MAX) return false;
    this.known.add(role);
    return true;
  }
}

/** The roles of all apps and pods, and those in which something is reserved or to be given back. */
export function* rolesInUse(root: RootState, fleet: Fleet, reservations: ReservationKeeper): Generator<string> {
  yield* reservations.roles();
  for (const { role } of root.specs()) yield role;
  for (const app of fleet.all()) {
    for (const { reservation } of app.all.values()) if (reservation !== undefined) yield reservation.role;
  }
}

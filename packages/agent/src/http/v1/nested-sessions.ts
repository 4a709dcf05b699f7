/** Commands inside tasks that were begun over Mesos's v1 API: by their container ids, until they are removed. */
import type { ContainerExit } from '../../core/container.ts';
import { NESTED_SESSIONS_MAX } from '../../limits.ts';
import type { ExecSession } from '../../ports/containerizer.ts';

/** One of them. */
export interface NestedSession {
  readonly session: ExecSession;
  exit: ContainerExit | undefined;
  /** Somebody sends input. */
  isAttached: boolean;
}

/** See above. */
export class NestedSessions {
  private readonly sessions = new Map<string, NestedSession>();

  get(id: string): NestedSession | undefined {
    return this.sessions.get(id);
  }

  /** The ids of those that have not ended. */
  living(): string[] {
    return [...this.sessions].filter(([, { exit }]) => exit === undefined).map(([id]) => id);
  }

  /** Whether there is room, for which the oldest that have ended make way. */
  makeRoom(): boolean {
    for (const [id, { exit }] of this.sessions) {
      if (this.sessions.size < NESTED_SESSIONS_MAX) break;
      if (exit !== undefined) this.sessions.delete(id);
    }
    return this.sessions.size < NESTED_SESSIONS_MAX;
  }

  add(id: string, session: ExecSession): NestedSession {
    const nested: NestedSession = { session, exit: undefined, isAttached: false };
    this.sessions.set(id, nested);
    void session.exit.then((exit) => {
      nested.exit = exit;
    });
    return nested;
  }

  remove(id: string): void {
    this.sessions.delete(id);
  }
}

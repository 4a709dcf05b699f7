/** The books on what users were promised: what every command wrote, and which of it was acknowledged. */
import type { RootView } from '@stadion/orchestrator';

/** One value that the definition of an app had; undefined: the app was not there. */
interface Written {
  readonly definition: string | undefined;
  isAcknowledged: boolean;
}

/** The values of all apps as one command found them. */
type Snapshot = ReadonlyMap<string, string | undefined>;

/** What a command has written: to be acknowledged, or not. */
export interface Writing {
  /** Nothing was changed. */
  readonly isEmpty: boolean;
  acknowledge(): void;
}

/** Keeps, for every app, the values since the last acknowledged one. Which of the later ones survive a crash is open. */
export class PromiseBook {
  private readonly apps = new Map<string, Written[]>();
  /** All apps that commands are about. */
  readonly appIds: readonly string[];
  /** Deployments whose start was acknowledged. */
  readonly deployments = new Set<string>();
  /** Instances of which nothing is to be kept. */
  readonly wipesAsked = new Set<string>();
  /** Tasks whose end was asked for, acknowledged or not. */
  readonly killsAsked = new Set<string>();
  /** Tasks whose end was acknowledged. */
  readonly killsPromised = new Set<string>();

  constructor(appIds: readonly string[]) {
    this.appIds = appIds;
    for (const id of appIds) this.apps.set(id, [{ definition: undefined, isAcknowledged: true }]);
  }

  /** Runs a command's synchronous part and books what it changed. */
  write<Value>(root: RootView, command: () => Value): { readonly value: Value; readonly writing: Writing } {
    const before = this.look(root);
    const value = command();
    const after = this.look(root);
    const entries: Written[] = [];
    for (const [id, history] of this.apps) {
      if (before.get(id) === after.get(id)) continue;
      const entry: Written = { definition: after.get(id), isAcknowledged: false };
      history.push(entry);
      entries.push(entry);
    }
    const acknowledge = (): void => {
      for (const entry of entries) entry.isAcknowledged = true;
    };
    return { value, writing: { isEmpty: entries.length === 0, acknowledge } };
  }

  /** Books what the platform has made of an app by itself, as somebody's rules allow. Whether a crash takes it is open. */
  explain(root: RootView, id: string): void {
    const history = this.apps.get(id);
    const spec = root.spec(id);
    const definition = spec === undefined ? undefined : canonicalDefinition(spec);
    if (history === undefined || history.at(-1)?.definition === definition) return;
    history.push({ definition, isAcknowledged: false });
  }

  /** Sentences on apps that are not what the last command made them. */
  unexplained(root: RootView): string[] {
    const problems: string[] = [];
    for (const [id, found] of this.look(root)) {
      const last = this.apps.get(id)?.at(-1);
      if (last?.definition !== found) problems.push(`${id} is ${describe(found)}, and no command made it so`);
    }
    return problems;
  }

  /** Sentences on apps that are older than what was acknowledged. From here on, what was found is the promise. */
  reload(root: RootView): string[] {
    const problems: string[] = [];
    for (const [id, found] of this.look(root)) {
      const history = this.apps.get(id) ?? [];
      const promised = history.findLastIndex((entry) => entry.isAcknowledged);
      const isKept = history.slice(promised).some((entry) => entry.definition === found);
      if (!isKept) {
        const wanted = describe(history[promised]?.definition);
        problems.push(`${id} was acknowledged as ${wanted} and is ${describe(found)} after a restart`);
      }
      this.apps.set(id, [{ definition: found, isAcknowledged: true }]);
    }
    return problems;
  }

  private look(root: RootView): Snapshot {
    const snapshot = new Map<string, string | undefined>();
    for (const id of this.apps.keys()) {
      const app = root.spec(id);
      snapshot.set(id, app === undefined ? undefined : canonicalDefinition(app));
    }
    return snapshot;
  }
}

const known = new WeakMap<object, string>();

/** The same text for equal definitions; these are never changed in place. */
export function canonicalDefinition(definition: object): string {
  let text = known.get(definition);
  if (text === undefined) {
    text = canonical(definition);
    known.set(definition, text);
  }
  return text;
}

/** The same text for equal values, whatever the order of their members. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}

function describe(definition: string | undefined): string {
  return definition ?? 'removed';
}

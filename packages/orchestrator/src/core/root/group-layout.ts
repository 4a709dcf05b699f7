/** What an update of a group comes to: apps to be written and removed, groups to be changed and removed. */
import type { AppInput, Violation } from '@stadion/contract/orchestrator';
import type { GroupInput } from '@stadion/contract/orchestrator-groups';
import type { RootView } from '../../engine.ts';
import { appIdErrors, parentId, resolveDependency, resolveId } from '../app/app-id.ts';
import { violation } from '../app/checked.ts';
import { PLAIN_GROUP, isWithin } from './group.ts';
import { ProspectiveRoot } from './prospective-root.ts';
import { circularDependencies, unknownDependencies } from './root-rules.ts';
import type { AppWrite } from './write-apps.ts';

/** Whether a group is directly below the root. */
export function isTop(id: string): boolean {
  return id !== '/' && parentId(id) === '/';
}

/** An update of one group, and where it stands in the body. */
interface Update {
  readonly at: string;
  readonly input: GroupInput;
}

/** Goes through an update from the outermost group inwards, and lays what it finds over the root. */
export class GroupLayout {
  readonly prospective: ProspectiveRoot;
  readonly writes: AppWrite[] = [];
  readonly removals: string[] = [];
  readonly violations: Violation[] = [];
  private readonly root: RootView;
  private readonly updates = new Map<string, Update>();
  private readonly seen = new Set<string>();

  constructor(root: RootView) {
    this.root = root;
    this.prospective = new ProspectiveRoot(root);
  }

  /** @param at where the group stands in the body, e.g. `/groups(2)`; empty when it is the body */
  lay(id: string, input: GroupInput, at: string): void {
    this.updates.set(id, { at, input });
    this.laySettings(id, input, at);
    if (input.apps !== undefined) this.layAppsOf(id, input.apps, at);
    if (input.groups !== undefined) this.layGroupsOf(id, input.groups, at);
  }

  /** Once all apps and groups are laid: do their groups' dependencies lead somewhere, and not in a circle? */
  dependencyViolations(): readonly Violation[] {
    const found: Violation[] = [];
    for (const [id, { at, input }] of this.updates) {
      if (input.dependencies === undefined) continue;
      const wanted = this.prospective.group(id)?.dependencies ?? [];
      // Also while nothing is in it: whatever came to be there would wait for itself.
      const own = wanted.find((dependency) => isWithin(dependency, id) || isWithin(id, dependency));
      if (own !== undefined) {
        found.push(violation(`${at}/dependencies`, `Dependency graph has cyclic dependencies: ${id} -> ${own}`));
      }
      const unknown = unknownDependencies(wanted, this.root.group(id)?.dependencies, this.prospective);
      found.push(...unknown.map(({ path, errors }) => ({ path: `${at}${path}`, errors })));
    }
    return [...found, ...circularDependencies(this.updates.keys(), this.prospective)];
  }

  private laySettings(id: string, { dependencies, enforceRole }: GroupInput, at: string): void {
    if (enforceRole !== undefined && !isTop(id)) {
      this.refuse(`${at}/enforceRole`, 'is only possible for a group directly below the root');
    }
    if (id === '/') {
      if ((dependencies?.length ?? 0) > 0) this.refuse(`${at}/dependencies`, 'the root group contains everything');
      return;
    }
    const now = this.root.group(id) ?? PLAIN_GROUP;
    const resolved = dependencies?.map((dependency) => resolveDependency(dependency, id));
    this.prospective.setGroup(id, {
      dependencies: resolved === undefined ? now.dependencies : [...new Set(resolved)],
      enforceRole: enforceRole ?? now.enforceRole,
    });
  }

  /** The apps given are all that are directly in the group. */
  private layAppsOf(groupId: string, apps: readonly AppInput[], at: string): void {
    const wanted = new Set<string>();
    for (const [index, input] of apps.entries()) {
      const path = `${at}/apps(${String(index)})`;
      if (input.id === undefined) {
        this.refuse(`${path}/id`, 'error.path.missing');
        continue;
      }
      const id = resolveId(input.id, groupId);
      const errors = appIdErrors(id);
      if (errors.length > 0) this.violations.push(violation(`${path}/id`, ...errors));
      else if (parentId(id) !== groupId) this.refuse(`${path}/id`, `Identifier is not child of '${groupId}'`);
      if (!this.isNew(id, `${path}/id`)) continue;
      wanted.add(id);
      this.writes.push({ id, input, at: path });
    }
    for (const { id } of this.root.apps(groupId)) {
      if (parentId(id) === groupId && !wanted.has(id)) this.removeApp(id);
    }
  }

  /** The groups given are all that are directly in the group. */
  private layGroupsOf(groupId: string, groups: readonly GroupInput[], at: string): void {
    const wanted = new Set<string>();
    for (const [index, inner] of groups.entries()) {
      const path = `${at}/groups(${String(index)})`;
      if (inner.id === undefined) {
        this.refuse(`${path}/id`, 'error.path.missing');
        continue;
      }
      const id = resolveId(inner.id, groupId);
      const errors = appIdErrors(id);
      if (errors.length > 0) this.violations.push(violation(`${path}/id`, ...errors));
      else if (parentId(id) !== groupId) this.refuse(`${path}/id`, `Identifier is not child of '${groupId}'`);
      for (const name of ['scaleBy', 'version'] as const) {
        if (inner[name] !== undefined) this.refuse(`${path}/${name}`, 'is only possible for the outermost group');
      }
      if (!this.isNew(id, `${path}/id`)) continue;
      wanted.add(id);
    }
    for (const id of this.root.groups(groupId)) {
      if (parentId(id) === groupId && !wanted.has(id)) this.removeGroup(id);
    }
    if (this.violations.length > 0) return;
    for (const [index, inner] of groups.entries()) {
      const path = `${at}/groups(${String(index)})`;
      const id = resolveId(inner.id ?? '', groupId);
      const taken = this.prospective.app(id) !== undefined && !this.removals.includes(id);
      if (taken) this.refuse(`${path}/id`, `there already is an app with the id ${id}`);
      this.lay(id, inner, path);
    }
  }

  private removeApp(id: string): void {
    this.removals.push(id);
    this.prospective.removeApp(id);
  }

  private removeGroup(id: string): void {
    for (const spec of this.root.specs(id)) this.removeApp(spec.id);
    for (const groupId of [id, ...this.root.groups(id)]) this.prospective.removeGroup(groupId);
  }

  private isNew(id: string, path: string): boolean {
    if (this.seen.has(id)) this.refuse(path, `${id} occurs more than once`);
    this.seen.add(id);
    return !this.violations.some((known) => known.path === path);
  }

  private refuse(path: string, message: string): void {
    this.violations.push(violation(path, message));
  }
}

/**
 * What a request on groups or pods has to come to, said a second time in the plainest way: from the body as it was sent and
 * the root before, without any of the code that carries it out.
 */
import { posix } from 'node:path';
import { expect } from 'vitest';

/** A root as a test looks at it: definitions without versions, by id. */
export interface PlainRoot {
  readonly specs: ReadonlyMap<string, PlainSpec>;
  readonly groups: ReadonlyMap<string, PlainGroup>;
}

/** What is looked at of an app or a pod. */
export interface PlainSpec {
  readonly isPod: boolean;
  readonly cmd: string | undefined;
  readonly instances: number;
  /** All that is decided about it. */
  readonly text: string;
  readonly dependencies: readonly string[];
}

/** What is decided about a group. */
export interface PlainGroup {
  readonly dependencies: readonly string[];
  readonly enforceRole: boolean;
}

/** A body after JSON, with whatever is in it. */
export type Body = Readonly<Record<string, unknown>>;

const SEGMENT = /^([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(\.([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))*$/;

/** What always holds, whatever anybody has sent. */
export function expectSound(root: PlainRoot): void {
  for (const id of [...root.specs.keys(), ...root.groups.keys()]) {
    expect(id.slice(1).split('/'), id).toSatisfy((all: string[]) => all.every((segment) => SEGMENT.test(segment)));
    const parent = posix.dirname(id);
    expect(parent === '/' || root.groups.has(parent), `${id} is in a group`).toBe(true);
  }
  for (const id of root.specs.keys()) expect(root.groups.has(id), `${id} is not also a group`).toBe(false);
  for (const { instances } of root.specs.values()) expect(Number.isInteger(instances) && instances >= 0).toBe(true);
  expectNoCircle(root);
}

/** Nothing waits for itself: by its own dependencies, by those of groups it is in, by what is in a group. */
function expectNoCircle(root: PlainRoot): void {
  const waitsFor = (id: string): readonly string[] => {
    const named = [...(root.specs.get(id)?.dependencies ?? [])];
    for (let above = posix.dirname(id); above !== '/'; above = posix.dirname(above)) {
      named.push(...(root.groups.get(above)?.dependencies ?? []));
    }
    return named.flatMap((name) => (root.specs.has(name) ? [name] : below(root, name)));
  };
  for (const start of root.specs.keys()) {
    const reached = new Set<string>();
    const next = [...waitsFor(start)];
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      if (reached.has(id)) continue;
      reached.add(id);
      next.push(...waitsFor(id));
    }
    expect(reached.has(start), `${start} waits for itself`).toBe(false);
  }
}

function below({ specs }: PlainRoot, groupId: string): readonly string[] {
  return [...specs.keys()].filter((id) => isBelow(id, groupId));
}

/** Whether an id is in a group, at any depth. */
export function isBelow(id: string, groupId: string): boolean {
  return groupId === '/' || id.startsWith(`${groupId}/`);
}

/** Everything that is not in the group is as it was; groups above it may have come into being. */
export function expectSameOutside(groupId: string, before: PlainRoot, after: PlainRoot): void {
  const outside = ({ specs }: PlainRoot) =>
    [...specs].filter(([id]) => id !== groupId && !isBelow(id, groupId)).map(([id, { text }]) => `${id} ${text}`);
  expect(outside(after).sort()).toEqual(outside(before).sort());
  for (const [id, group] of before.groups) {
    if (id !== groupId && !isBelow(id, groupId)) expect(after.groups.get(id), id).toEqual(group);
  }
}

/** A group is what its update says: what is listed is there and nothing else, what is not mentioned is as it was. */
export function expectUpdated(id: string, body: Body, before: PlainRoot, after: PlainRoot): void {
  const direct = (ids: Iterable<string>) =>
    [...ids].filter((each) => posix.dirname(each) === id && each !== '/').sort();
  const apps = (root: PlainRoot) => direct(root.specs.keys()).filter((each) => root.specs.get(each)?.isPod === false);
  const pods = (root: PlainRoot) => direct(root.specs.keys()).filter((each) => root.specs.get(each)?.isPod === true);
  expect(pods(after)).toEqual(pods(before));
  const { apps: listed = null, groups = null, dependencies = null } = body;
  if (listed === null) {
    expect(apps(after).map((each) => after.specs.get(each))).toEqual(
      apps(before).map((each) => before.specs.get(each)),
    );
  } else {
    const wanted = (listed as readonly Body[]).map((app) => ({ app, appId: posix.resolve(id, String(app['id'])) }));
    expect(apps(after)).toEqual(wanted.map(({ appId }) => appId).sort());
    for (const { app, appId } of wanted) {
      const { cmd, instances } = after.specs.get(appId) ?? {};
      expect({ cmd, instances }).toEqual({ cmd: app['cmd'] ?? undefined, instances: app['instances'] ?? 1 });
    }
  }
  if (groups === null) {
    const kept = direct(before.groups.keys()).filter((each) => !after.specs.has(each));
    expect(direct(after.groups.keys())).toEqual(kept);
  } else {
    const wanted = (groups as readonly Body[]).map((group) => ({
      group,
      groupId: posix.resolve(id, String(group['id'])),
    }));
    expect(direct(after.groups.keys())).toEqual(wanted.map(({ groupId }) => groupId).sort());
    for (const { group, groupId } of wanted) expectUpdated(groupId, group, before, after);
  }
  if (id === '/') return;
  const now = after.groups.get(id)?.dependencies;
  if (dependencies === null) expect(now).toEqual(before.groups.get(id)?.dependencies ?? []);
  else {
    const base = (name: string): string => (name.startsWith('.') ? id : posix.dirname(id));
    expect(now).toEqual([...new Set((dependencies as string[]).map((name) => posix.resolve(base(name), name)))]);
  }
}

/** Every app has its share more or less; pods are as they were. */
export function expectScaled(id: string, factor: number, before: PlainRoot, after: PlainRoot): void {
  expect([...after.specs.keys()]).toEqual([...before.specs.keys()]);
  for (const [specId, { isPod, instances }] of before.specs) {
    const wanted = isPod || !isBelow(specId, id) ? instances : Math.ceil(instances * factor);
    expect(after.specs.get(specId)?.instances, specId).toBe(wanted);
  }
}

/** Everything in a group is what it was then. */
export function expectRestored(id: string, then: PlainRoot, after: PlainRoot): void {
  const inside = ({ specs, groups }: PlainRoot) => ({
    specs: [...specs].filter(([each]) => isBelow(each, id)).map(([each, { text }]) => `${each} ${text}`),
    groups: [...groups].filter(([each]) => each === id || isBelow(each, id)),
  });
  expect(inside(after)).toEqual(inside(then));
}

/**
 * What a running HAProxy has, and the commands of its runtime API that bring it to what it should have. A backend that it
 * does not know needs a reload; until then its requests go to the workers.
 */
import type { BackendServer } from './carrying.ts';
import { FRONTS, WORKERS, type FastPath, type Front, type Touched } from './fast-path.ts';
import { inCommand } from './quoting.ts';

/** Commands in the order in which they are to be given. */
export interface Bringing {
  readonly commands: readonly string[];
  /** Backends are missing, or are there for nothing. */
  readonly isStale: boolean;
}

type Entries = ReadonlyMap<string, string>;

/** Hosts that can be keys of a map. */
const HOST = /^[a-z0-9._-]+$/;

/** The mirror. */
export class Running {
  /** Servers by the names of backends; those that leave stay until they have nothing left to do. */
  private readonly backends = new Map<string, Map<string, BackendServer>>();
  private readonly backendOf = new Map<string, string>();
  private readonly maps: Readonly<Record<Front, Map<string, Entries>>> = { http: new Map(), https: new Map() };
  private readonly leaving = new Set<string>();
  /** Of those that leave, the ones that a command is under way for. */
  private readonly deleting = new Set<string>();
  readonly mapPaths: Readonly<Record<Front, string>>;

  /** As a configuration made from this share has it. */
  constructor(fastPath: FastPath, mapPaths: Readonly<Record<Front, string>>) {
    this.mapPaths = mapPaths;
    for (const [key, { backend }] of fastPath.backends()) {
      this.backendOf.set(key, backend.name);
      this.backends.set(backend.name, new Map([...backend.servers].filter(([, { isDraining }]) => !isDraining)));
    }
    for (const host of fastPath.hosts()) {
      for (const front of FRONTS) {
        const entries = this.effective(fastPath, front, host);
        if (entries.size > 0) this.maps[front].set(host, entries);
      }
    }
  }

  /** The servers of a backend. */
  servers(backend: string): ReadonlyMap<string, BackendServer> {
    return this.backends.get(backend) ?? new Map<string, BackendServer>();
  }

  /** The lines of a map's file. */
  mapLines(front: Front): readonly string[] {
    const lines: string[] = [];
    for (const [host, entries] of this.maps[front]) {
      for (const [prefix, name] of entries) lines.push(`${host}${prefix} ${name}`);
    }
    return lines;
  }

  /** Follows a change of the share. */
  follow(fastPath: FastPath, { hosts, routers }: Touched): Bringing {
    const commands: string[] = [];
    let isStale = false;
    for (const key of routers) {
      const backend = fastPath.backend(key);
      const known = this.backendOf.get(key);
      if (backend?.name !== known) isStale = true;
      if (backend !== undefined && backend.name === known) {
        this.followServers(backend.name, backend.servers, commands);
      }
    }
    for (const host of hosts) for (const front of FRONTS) this.followHost(fastPath, front, host, commands);
    return { commands, isStale };
  }

  /** Servers that wait to be gone. */
  removals(): readonly string[] {
    return [...this.leaving];
  }

  /** A server is about to be deleted. @returns whether it still is to be */
  deletes(server: string): boolean {
    if (!this.leaving.has(server)) return false;
    this.deleting.add(server);
    return true;
  }

  /** What came of it. One that is wanted again meanwhile is no longer in question. */
  deleted(server: string, isGone: boolean): void {
    if (!this.deleting.delete(server) || !isGone) return;
    this.leaving.delete(server);
    const slash = server.indexOf('/');
    this.backends.get(server.slice(0, slash))?.delete(server.slice(slash + 1));
  }

  private followServers(name: string, wanted: ReadonlyMap<string, BackendServer>, commands: string[]): void {
    const known = this.backends.get(name);
    if (known === undefined) return;
    for (const [id, server] of wanted) {
      const before = known.get(id);
      const path = `${name}/${id}`;
      if (before === undefined || this.deleting.has(path)) {
        if (server.isDraining) continue;
        // One that is being deleted may be there or not by then; both come to the same.
        this.leaving.delete(path);
        this.deleting.delete(path);
        commands.push(`add server ${path} ${server.address} weight ${String(server.weight)} ${server.options}`);
        if (server.options.includes(' check ')) commands.push(`enable health ${path}`);
        commands.push(`set server ${path} weight ${String(server.weight)}`, `set server ${path} state ready`);
      } else {
        const isBack = this.leaving.delete(path);
        if (isBack || before.isDraining !== server.isDraining) {
          commands.push(`set server ${path} state ${server.isDraining ? 'drain' : 'ready'}`);
        }
        if (before.weight !== server.weight) commands.push(`set server ${path} weight ${String(server.weight)}`);
      }
      known.set(id, server);
    }
    for (const id of known.keys()) {
      const path = `${name}/${id}`;
      if (wanted.has(id) || this.leaving.has(path)) continue;
      this.leaving.add(path);
      commands.push(`set server ${path} state maint`);
    }
  }

  private followHost(fastPath: FastPath, front: Front, host: string, commands: string[]): void {
    const before = this.maps[front].get(host) ?? new Map<string, string>();
    const after = this.effective(fastPath, front, host);
    const path = inCommand(this.mapPaths[front]);
    for (const [prefix, name] of after) {
      const known = before.get(prefix);
      const key = inCommand(`${host}${prefix}`);
      if (known === undefined) commands.push(`add map ${path} ${key} ${name}`);
      else if (known !== name) commands.push(`set map ${path} ${key} ${name}`);
    }
    for (const prefix of before.keys()) {
      if (!after.has(prefix)) commands.push(`del map ${path} ${inCommand(`${host}${prefix}`)}`);
    }
    if (after.size === 0) this.maps[front].delete(host);
    else this.maps[front].set(host, after);
  }

  /** What the map should say, with the workers for backends that are not there yet. */
  private effective(fastPath: FastPath, front: Front, host: string): Entries {
    if (!HOST.test(host)) return new Map();
    const entries = new Map<string, string>();
    for (const [prefix, name] of fastPath.entries(front, host)) {
      entries.set(prefix, this.backends.has(name) ? name : WORKERS);
    }
    return entries;
  }
}

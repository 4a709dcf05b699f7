/** The nodes of an ensemble: transactions with conditions, numbered candidates, and what each change touched. */
import { NodeRefusal, type NodeChange } from '../session.ts';

interface Node {
  readonly data: Buffer;
  readonly version: number;
  /** The session that it goes with; undefined: it stays. */
  readonly owner: number | undefined;
}

/** Told of every path of which the node or (`isChildren`) the list of children has changed. */
export type TouchListener = (path: string, isChildren: boolean) => void;

const SEQUENCE_DIGITS = 10;

/** See the head of this file. It knows nothing of time and of who asks. */
export class NodeTree {
  private readonly nodes = new Map<string, Node>();
  private readonly childNames = new Map<string, Set<string>>();
  private readonly sequences = new Map<string, number>();
  private readonly onTouch: TouchListener;

  constructor(onTouch: TouchListener) {
    this.onTouch = onTouch;
    this.nodes.set('/', { data: Buffer.alloc(0), version: 0, owner: undefined });
  }

  /** How many nodes there are. */
  get size(): number {
    return this.nodes.size;
  }

  get(path: string): { readonly data: Buffer; readonly version: number } | undefined {
    return this.nodes.get(path);
  }

  children(path: string): readonly string[] | undefined {
    return this.nodes.has(path) ? [...(this.childNames.get(path) ?? [])] : undefined;
  }

  /**
   * All changes or none.
   * @throws NodeRefusal
   */
  transact(changes: readonly NodeChange[]): void {
    const undo: (() => void)[] = [];
    const touched: (readonly [string, boolean])[] = [];
    try {
      for (const change of changes) this.apply(change, undefined, undo, touched);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
    for (const [path, isChildren] of touched) this.onTouch(path, isChildren);
  }

  /**
   * Makes a node with a number at its end that no other of this folder ever had.
   * @returns its path
   * @throws NodeRefusal
   */
  createCandidate(prefix: string, data: Buffer, owner: number): string {
    const folder = folderOf(prefix);
    const number = this.sequences.get(folder) ?? 0;
    const path = `${prefix}${String(number).padStart(SEQUENCE_DIGITS, '0')}`;
    const touched: (readonly [string, boolean])[] = [];
    this.apply({ type: 'create', path, data }, owner, [], touched);
    this.sequences.set(folder, number + 1);
    for (const [touchedPath, isChildren] of touched) this.onTouch(touchedPath, isChildren);
    return path;
  }

  /** Removes what goes with a session. */
  removeOf(owner: number): void {
    for (const [path, node] of [...this.nodes]) if (node.owner === owner) this.transact([{ type: 'remove', path }]);
  }

  private apply(
    change: NodeChange,
    owner: number | undefined,
    undo: (() => void)[],
    touched: (readonly [string, boolean])[],
  ): void {
    const { path } = change;
    const node = this.nodes.get(path);
    if (change.type === 'create') {
      if (!this.nodes.has(folderOf(path))) throw new NodeRefusal('no-node');
      if (node !== undefined) throw new NodeRefusal('node-exists');
      this.put(path, { data: change.data, version: 0, owner });
      undo.push(() => {
        this.delete(path);
      });
      touched.push([path, false], [folderOf(path), true]);
      return;
    }
    if (node === undefined) throw new NodeRefusal('no-node');
    switch (change.type) {
      case 'set':
        if (change.version > 0 && node.version !== change.version) throw new NodeRefusal('bad-version');
        this.nodes.set(path, { ...node, data: change.data, version: node.version + 1 });
        touched.push([path, false]);
        break;
      case 'remove':
        if ((this.childNames.get(path)?.size ?? 0) > 0) throw new NodeRefusal('not-empty');
        this.delete(path);
        touched.push([path, false], [folderOf(path), true]);
        break;
      case 'check':
        if (change.version !== undefined && node.version !== change.version) throw new NodeRefusal('bad-version');
        return;
    }
    undo.push(() => {
      this.put(path, node);
    });
  }

  private put(path: string, node: Node): void {
    this.nodes.set(path, node);
    const folder = folderOf(path);
    const names = this.childNames.get(folder);
    if (names === undefined) this.childNames.set(folder, new Set([nameOf(path)]));
    else names.add(nameOf(path));
  }

  private delete(path: string): void {
    this.nodes.delete(path);
    this.childNames.get(folderOf(path))?.delete(nameOf(path));
  }
}

/** The path of the folder that a path is in. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}

/** The last segment of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What is in the journal of an ensemble: what a newcomer would read there at this moment. */
import { segmentsOf } from '../../../core/segments.ts';
import type { JsonValue } from '../../../store.ts';
import { decodeSegment } from '../segment-codec.ts';
import { nameOf, type NodeTree } from './node-tree.ts';

/** Follows the journal as it grows. Merged segments say nothing new. */
export class DurableRecords {
  private readonly tree: NodeTree;
  private readonly folder: string;
  private readonly texts = new Map<string, string>();
  private fresh: string[] = [];
  private newest = 0;

  constructor(tree: NodeTree, folder: string) {
    this.tree = tree;
    this.folder = folder;
  }

  /** A node was made in the journal's folder. */
  add(path: string): void {
    this.fresh.push(nameOf(path));
  }

  keys(): Iterable<string> {
    return this.read().keys();
  }

  /** Undefined when there is nothing under the key. */
  value(key: string): JsonValue | undefined {
    const text = this.read().get(key);
    return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
  }

  /** Everything as it is now, for later: the JSON of every record. */
  snapshot(): ReadonlyMap<string, string> {
    return new Map(this.read());
  }

  private read(): ReadonlyMap<string, string> {
    if (this.fresh.length === 0) return this.texts;
    const { segments, incomplete } = segmentsOf(this.fresh);
    this.fresh = [...incomplete];
    for (const { to, parts } of segments) {
      if (to <= this.newest) continue;
      this.newest = to;
      const entries = decodeSegment(
        Buffer.concat(parts.map((part) => this.tree.get(`${this.folder}/${part}`)?.data ?? Buffer.alloc(0))),
      );
      if (typeof entries === 'string') continue;
      for (const { key, text } of entries) {
        if (text === undefined) this.texts.delete(key);
        else this.texts.set(key, text);
      }
    }
    return this.texts;
  }
}

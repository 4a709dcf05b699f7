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
  /** Parts of segments of which others are yet to come. */
  private incomplete: readonly string[] = [];
  private newest = 0;

  constructor(tree: NodeTree, folder: string) {
    this.tree = tree;
    this.folder = folder;
  }

  /** A node was made in the journal's folder. */
  add(path: string): void {
    const { segments, incomplete } = segmentsOf([...this.incomplete, nameOf(path)]);
    this.incomplete = incomplete;
    for (const { to, parts } of segments) {
      if (to <= this.newest) continue;
      this.newest = to;
      const bytes = parts.map((part) => this.tree.get(`${this.folder}/${part}`)?.data ?? Buffer.alloc(0));
      const entries = decodeSegment(Buffer.concat(bytes));
      if (typeof entries === 'string') continue;
      for (const { key, text } of entries) {
        if (text === undefined) this.texts.delete(key);
        else this.texts.set(key, text);
      }
    }
  }

  keys(): Iterable<string> {
    return this.texts.keys();
  }

  /** Undefined when there is nothing under the key. */
  value(key: string): JsonValue | undefined {
    const text = this.texts.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
  }

  /** Everything as it is now, for later: the JSON of every record. */
  snapshot(): ReadonlyMap<string, string> {
    return new Map(this.texts);
  }
}

/** What is due when: a binary heap by time, so that one timer serves any number of waiting things. */

interface Entry<Value> {
  readonly at: number;
  readonly sequence: number;
  readonly value: Value;
}

/** Values in the order of their due times (milliseconds of any one clock); equal times keep the order of adding. */
export class DueQueue<Value> {
  private readonly heap: Entry<Value>[] = [];
  private sequence = 0;

  /** How many values wait. */
  get size(): number {
    return this.heap.length;
  }

  /** When the first value is due. */
  nextAt(): number | undefined {
    return this.heap[0]?.at;
  }

  /** The first value, which stays. */
  first(): Value | undefined {
    return this.heap[0]?.value;
  }

  /** Adds a value that is due at `at`. A value that is no longer wanted is recognised by its owner when it comes out. */
  add(at: number, value: Value): void {
    const { heap } = this;
    const entry: Entry<Value> = { at, sequence: this.sequence, value };
    this.sequence += 1;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  /** Takes out the first value if it is due at `now`. */
  take(now: number): { readonly value: Value } | undefined {
    const first = this.heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.removeFirst();
    return first;
  }

  /** Forgets everything. */
  clear(): void {
    this.heap.length = 0;
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      const right = heap[childIndex + 1];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (child === undefined || !isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore<Value>(left: Entry<Value>, right: Entry<Value>): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}

/**
 * Reads lmdb's file page by page before lmdb does: lmdb maps it into memory and trusts it, so a damaged one would end
 * the process by a signal. Checked is the shape that lmdb relies on, of every page that is reachable; that the values
 * are those once written is for the records' own checksums.
 *
 * The layout is that of the lmdb which lmdb-js 3 builds: MDB_page_header, MDB_meta, MDB_node and MDB_ovpage in its mdb.c,
 * little-endian, 64 bits.
 */
import { open, type FileHandle } from 'node:fs/promises';

const HEADER_BYTES = 24;
const NODE_BYTES = 8;
const OVERFLOW_REFERENCE_BYTES = 24;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const PAGE_BRANCH = 1;
const PAGE_LEAF = 2;
const PAGE_OVERFLOW = 4;
const PAGE_META = 8;
const NODE_BIG = 1;
const DEPTH_MAX = 32;
/** Pages are read in blocks, so that a large file takes few reads and the event loop is free between them. */
const BLOCK_BYTES = 1_048_576;

/** What is wrong, in a few words, or undefined when lmdb can be trusted with the file. */
export async function findPageDamage(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const meta = await readNewestMeta(file, size);
    if (typeof meta === 'string') return meta;
    const walk = new Walk(file, meta, Math.floor(size / meta.pageBytes));
    return (await walk.tree(meta.free, 'free list')) ?? (await walk.tree(meta.main, 'data'));
  } finally {
    await file.close();
  }
}

interface Tree {
  readonly depth: number;
  readonly root: bigint;
  readonly entries: bigint;
}

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
  readonly free: Tree;
  readonly main: Tree;
}

const NO_PAGE = 0xffff_ffff_ffff_ffffn;

async function readNewestMeta(file: FileHandle, size: number): Promise<Meta | string> {
  const first = await readMeta(file, 0, size);
  if (typeof first === 'string') return first;
  const second = await readMeta(file, first.pageBytes, size);
  if (typeof second === 'string') return second;
  if (second.pageBytes !== first.pageBytes) return 'its two head pages contradict each other';
  return second.transaction > first.transaction ? second : first;
}

async function readMeta(file: FileHandle, offset: number, size: number): Promise<Meta | string> {
  const bytes = Buffer.alloc(168);
  if (size < offset + bytes.length) return `data.mdb is cut off (${size} bytes)`;
  await file.read(bytes, 0, bytes.length, offset);
  if ((bytes.readUInt16LE(18) & PAGE_META) === 0 || bytes.readUInt32LE(24) !== MAGIC) {
    return 'data.mdb does not begin as an lmdb file does';
  }
  const version = bytes.readUInt32LE(28) & 0xffff;
  if (version !== DATA_VERSION) return `data.mdb has lmdb format ${version}, this program reads ${DATA_VERSION}`;
  const pageBytes = bytes.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) {
    return 'data.mdb names an impossible page size';
  }
  return {
    pageBytes,
    lastPage: bytes.readBigUInt64LE(144),
    transaction: bytes.readBigUInt64LE(152),
    free: readTree(bytes, 48),
    main: readTree(bytes, 96),
  };
}

function readTree(bytes: Buffer, offset: number): Tree {
  return {
    depth: bytes.readUInt16LE(offset + 6),
    entries: bytes.readBigUInt64LE(offset + 32),
    root: bytes.readBigUInt64LE(offset + 40),
  };
}

/** An overflow run that a leaf points to. */
interface Overflow {
  readonly page: number;
  readonly bytes: number;
}

class Walk {
  private readonly file: FileHandle;
  private readonly meta: Meta;
  private readonly pages: number;
  private readonly seen: Uint8Array;

  constructor(file: FileHandle, meta: Meta, pages: number) {
    this.file = file;
    this.meta = meta;
    this.pages = pages;
    this.seen = new Uint8Array(pages);
  }

  /** Level by level from the root, each in the order of the file. */
  async tree(tree: Tree, name: string): Promise<string | undefined> {
    if (tree.root === NO_PAGE) {
      return tree.entries === 0n && tree.depth === 0 ? undefined : `the ${name} has entries, but no root`;
    }
    if (tree.depth < 1 || tree.depth > DEPTH_MAX) return `the ${name} claims an impossible depth`;
    if (tree.root >= BigInt(this.pages)) return `the root page of the ${name} is beyond the end of data.mdb`;
    let level = [Number(tree.root)];
    for (let depth = 1; depth < tree.depth; depth += 1) {
      const next: number[] = [];
      const damage = await this.eachPage(level, (page, number) => this.branch(page, number, next));
      if (damage !== undefined) return damage;
      level = next;
    }
    let entries = 0;
    const overflows: Overflow[] = [];
    const damage = await this.eachPage(level, (page, number) => {
      const found = this.leaf(page, number, overflows);
      entries += nodeCount(page);
      return found;
    });
    if (damage !== undefined) return damage;
    if (BigInt(entries) !== tree.entries) return `the ${name} should have ${tree.entries} entries and has ${entries}`;
    const sizes = new Map(overflows.map((overflow) => [overflow.page, overflow.bytes]));
    if (sizes.size !== overflows.length) return 'two records claim the same pages';
    return this.eachPage([...sizes.keys()], (page, number) => this.overflow(page, number, sizes.get(number) ?? 0));
  }

  private async eachPage(
    numbers: number[],
    check: (page: Buffer, number: number) => string | undefined,
  ): Promise<string | undefined> {
    const { pageBytes } = this.meta;
    const blockPages = Math.max(1, Math.floor(BLOCK_BYTES / pageBytes));
    const block = Buffer.alloc(blockPages * pageBytes);
    let blockStart = -1;
    for (const number of numbers.sort((left, right) => left - right)) {
      if (number < 2 || number >= this.pages || BigInt(number) > this.meta.lastPage) {
        return `data.mdb is cut off: page ${number} is missing`;
      }
      if (this.seen[number] === 1) return `page ${number} is used twice`;
      this.seen[number] = 1;
      const start = number - (number % blockPages);
      if (start !== blockStart) {
        await this.file.read(block, 0, block.length, start * pageBytes);
        blockStart = start;
      }
      const offset = (number - start) * pageBytes;
      const page = block.subarray(offset, offset + pageBytes);
      if (page.readBigUInt64LE(0) !== BigInt(number)) return `page ${number} is not what it should be`;
      const damage = check(page, number);
      if (damage !== undefined) return damage;
    }
    return undefined;
  }

  private branch(page: Buffer, number: number, next: number[]): string | undefined {
    if ((page.readUInt16LE(18) & 0xff) !== PAGE_BRANCH || !hasValidSlots(page)) return badPage(number);
    for (let index = 0; index < nodeCount(page); index += 1) {
      const node = nodeOffset(page, index);
      if (node + NODE_BYTES + page.readUInt16LE(node + 6) > page.length) return badPage(number);
      next.push(page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 0x1_0000_0000);
    }
    return nodeCount(page) > 0 ? undefined : badPage(number);
  }

  private leaf(page: Buffer, number: number, overflows: Overflow[]): string | undefined {
    if ((page.readUInt16LE(18) & 0xff) !== PAGE_LEAF || !hasValidSlots(page)) return badPage(number);
    for (let index = 0; index < nodeCount(page); index += 1) {
      const node = nodeOffset(page, index);
      const bytes = page.readUInt32LE(node);
      const flags = page.readUInt16LE(node + 4);
      const data = node + NODE_BYTES + page.readUInt16LE(node + 6);
      const isBig = flags === NODE_BIG;
      if (flags !== 0 && !isBig) return badPage(number);
      if (data + (isBig ? OVERFLOW_REFERENCE_BYTES : bytes) > page.length) return badPage(number);
      if (isBig) overflows.push({ page: Number(page.readBigUInt64LE(data)), bytes });
    }
    return undefined;
  }

  private overflow(page: Buffer, number: number, bytes: number): string | undefined {
    const run = page.readUInt32LE(20);
    const isLongEnough = run * this.meta.pageBytes >= HEADER_BYTES + bytes;
    const isInside = number + run <= this.pages && BigInt(number + run - 1) <= this.meta.lastPage;
    if ((page.readUInt16LE(18) & 0xff) !== PAGE_OVERFLOW || !isLongEnough || !isInside) return badPage(number);
    for (let index = number + 1; index < number + run; index += 1) {
      if (this.seen[index] === 1) return `page ${index} is used twice`;
      this.seen[index] = 1;
    }
    return undefined;
  }
}

function badPage(number: number): string {
  return `page ${number} of data.mdb is damaged`;
}

/** The slots grow up from the header, the nodes down from the end; offsets count from the end of the header. */
function hasValidSlots(page: Buffer): boolean {
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  if (lower % 2 !== 0 || lower > upper || upper > page.length - HEADER_BYTES) return false;
  for (let index = 0; index < lower / 2; index += 1) {
    const slot = page.readUInt16LE(HEADER_BYTES + 2 * index);
    if (slot < upper || slot + HEADER_BYTES + NODE_BYTES > page.length) return false;
  }
  return true;
}

function nodeCount(page: Buffer): number {
  return page.readUInt16LE(20) / 2;
}

function nodeOffset(page: Buffer, index: number): number {
  return page.readUInt16LE(HEADER_BYTES + 2 * index) + HEADER_BYTES;
}

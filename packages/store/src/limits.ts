/** Every bound of the store, in one place. */
import { assert } from '@stadion/base';

/** A value's JSON text, bytes of UTF-8. Bigger things are not records: put them into files and record where. */
export const VALUE_BYTES_MAX = 524_288;

/** A key, bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;

/** Operations of one commit: so many reach the writer thread in one turn, which must stay short. */
export const COMMIT_OPERATIONS_MAX: number = 10_000;

/** Commits waiting for their turn at one store; a caller that goes further is not waiting for any of them. */
export const COMMITS_WAITING_MAX = 10_000;

/** How many operations group commit puts into one commit; a single larger submit still goes in one piece. */
export const GROUP_OPERATIONS_MAX: number = 4000;

/** Operations that group commit holds for the store before it refuses more. */
export const GROUP_PENDING_OPERATIONS_MAX: number = 1_000_000;

/** How many operations are prepared for writing before others get the event loop (about 3 ms). */
export const PREPARE_OPERATIONS_PER_TURN = 1000;

/** How much text is prepared for writing before others get the event loop (about 3 ms). */
export const PREPARE_BYTES_PER_TURN = 1_048_576;

/** How many records one turn of a listing reads (about 2 ms). */
export const LIST_RECORDS_PER_TURN = 512;

/** How much text one turn of a listing reads, besides its last record (about 4 ms). */
export const LIST_BYTES_PER_TURN: number = 524_288;

assert(GROUP_OPERATIONS_MAX <= COMMIT_OPERATIONS_MAX, 'a group must fit into one commit');
assert(GROUP_PENDING_OPERATIONS_MAX >= COMMIT_OPERATIONS_MAX, 'group commit must hold at least one full commit');
assert(LIST_BYTES_PER_TURN >= VALUE_BYTES_MAX, 'a turn of a listing must be able to read any record');

/** What one ZooKeeper node holds at most, bytes: two of them and their names fit into one request (`jute.maxbuffer`, 1 MB). */
export const SEGMENT_PART_BYTES_MAX: number = 393_216;

/** Nodes that one ZooKeeper transaction makes or deletes at most; the names alone stay far below 1 MB. */
export const TRANSACTION_NODES_MAX = 1024;

/** Parts of segments that are read at a time. */
export const SEGMENT_READS_MAX = 8;

/** When ZooKeeper's journal is written anew. */
export const COMPACTION = {
  tinyBytes: 65_536,
  mergeFrom: 128,
  mergeMax: 512,
  partBytesMax: SEGMENT_PART_BYTES_MAX,
  slackBytes: 8_388_608,
};

/** Commits between two looks at the journal's shape. */
export const COMMITS_PER_COMPACTION_LOOK = 32;

/** What a commit looks at in one turn when it reads a segment, entries (about 3 ms). */
export const SEGMENT_ENTRIES_PER_TURN = 2000;

/** Announced masters that whoever looks for the leader looks at. */
export const MASTERS_LOOKED_AT_MAX = 100;

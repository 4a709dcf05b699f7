/** What `stadion backup` asks for and what it tells. */

/** Where a state is: in a data directory, or in ZooKeeper. */
export interface StatePlace {
  readonly dataDir: string;
  readonly zk?: string | undefined;
  /** Files with what is shown to ZooKeeper, and whom to believe, where it is spoken to by TLS. */
  readonly zkTlsCa?: string | undefined;
  readonly zkTlsCert?: string | undefined;
  readonly zkTlsKey?: string | undefined;
}

/** What to do with a state. */
export type BackupTask =
  | { readonly type: 'create'; readonly file: string; readonly from: StatePlace }
  | { readonly type: 'verify'; readonly file: string }
  | { readonly type: 'restore'; readonly file: string; readonly to: StatePlace; readonly replaces: boolean }
  | { readonly type: 'move'; readonly from: StatePlace; readonly to: StatePlace; readonly replaces: boolean };

/** What a whole backup says of itself. */
export interface BackupSummary {
  readonly records: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Of all its lines but the last; empty where nothing was written to a file. */
  readonly sha256: string;
}

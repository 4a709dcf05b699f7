/** What a command makes of the root group: the shape of every function in this folder, and how it says no. */
import type { AppDefinition, Violation } from '@stadion/contract/orchestrator';
import type { Outcome, Rejection, RootChange, RootView } from '../../engine.ts';
import type { ServicePortRange } from '../app/service-ports.ts';
import type { AppDefaults, AppSpec } from '../app/spec.ts';
import type { GroupEdit } from './group.ts';

/** A change of the root group, with what the answer to the command needs to know. */
export interface AppChange extends RootChange {
  /** Ids of apps that did not exist before. */
  readonly created: readonly string[];
  /** The apps as asked for, before they got service ports. */
  readonly asked: readonly AppSpec[];
}

/** A command, ready to be carried out on whatever root there is when its turn comes. Pure. */
export type Change = (root: RootView, version: string) => Outcome<AppChange>;

/** What every command that writes apps is given. */
export interface ChangeContext {
  readonly defaults: AppDefaults;
  readonly servicePorts: ServicePortRange;
  /** Seeds the choice of service ports, so that the same command chooses the same when it is called again. */
  readonly seed: number;
  /** Whether whoever asks wants it done although something speaks against it. */
  readonly force?: boolean;
}

/** The outcome "carried out". */
export function changed(
  upserts: readonly AppDefinition[],
  more: {
    readonly removals?: readonly string[];
    readonly created?: readonly string[];
    readonly asked?: readonly AppSpec[];
    readonly groups?: readonly GroupEdit[];
  } = {},
): Outcome<AppChange> {
  const { removals = [], created = [], asked = [], groups = [] } = more;
  return { ok: true, value: { upserts, removals, groups, created, asked } };
}

/** The outcome "not carried out". */
export function rejected(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection };
}

/** 422: the shape is right, the meaning is not. */
export function notValid(violations: readonly Violation[]): { readonly ok: false; readonly rejection: Rejection } {
  return rejected({ kind: 'invalid', message: 'Object is not valid', violations });
}

/** 404: there is no such app, or no such version of it. */
export function noSuchApp(id: string, version?: string): { readonly ok: false; readonly rejection: Rejection } {
  const where = version === undefined ? '' : ` in version ${version}`;
  return rejected({ kind: 'not-found', message: `App '${id}' does not exist${where}` });
}

/** 404: there is no such group, or it was not there then. */
export function noSuchGroup(id: string, version?: string): { readonly ok: false; readonly rejection: Rejection } {
  const where = version === undefined ? '' : ` in version ${version}`;
  return rejected({ kind: 'not-found', message: `Group '${id}' does not exist${where}` });
}

/** 422: a time that nobody can read. */
export function badTimestamp(text: string): { readonly ok: false; readonly rejection: Rejection } {
  return rejected({
    kind: 'invalid',
    message: `Invalid timestamp provided '${text}'. Expecting ISO-8601 datetime string.`,
  });
}

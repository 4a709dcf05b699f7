/** Messages of container sessions as Mesos v1 has them (`agent.proto`: ProcessIO, AttachContainerInput). */
import { CommandInfo } from '@stadion/contract/mesos';
import { encodeRecord, readLenient, type Codec } from '@stadion/contract/mesos-wire';
import { decodeTerminalSize } from '@stadion/contract/task-session';
import type { SessionRequest, TerminalSize } from '../../ports/containerizer.ts';

/** A piece of output as a record. */
export function outputRecord(codec: Codec, type: 'STDOUT' | 'STDERR', bytes: Buffer): Uint8Array {
  return record(codec, { type: 'DATA', data: { type, data: bytes.toString('base64') } });
}

/** Tells whoever reads that there is only nothing to tell. */
export function heartbeatRecord(codec: Codec, intervalMs: number): Uint8Array {
  const heartbeat = { interval: { nanoseconds: intervalMs * 1_000_000 } };
  return record(codec, { type: 'CONTROL', control: { type: 'HEARTBEAT', heartbeat } });
}

function record(codec: Codec, message: object): Uint8Array {
  return encodeRecord(codec.encode('ProcessIO', message));
}

/** What one record of ATTACH_CONTAINER_INPUT says. Input without bytes is its end. */
export type InputMessage =
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'input'; readonly bytes: Buffer }
  | { readonly kind: 'size'; readonly size: TerminalSize }
  | { readonly kind: 'heartbeat' };

/** @returns undefined for what is none */
export function readInputMessage(codec: Codec, bytes: Uint8Array): InputMessage | undefined {
  const call = member(parse(codec, bytes), 'attach_container_input');
  const io = member(call, 'process_io');
  switch (member(call, 'type')) {
    case 'CONTAINER_ID': {
      const id = readContainerId(member(call, 'container_id'));
      return id === undefined ? undefined : { kind: 'container', id };
    }
    case 'PROCESS_IO':
      return member(io, 'type') === 'DATA' ? readData(member(io, 'data')) : readControl(member(io, 'control'));
    default:
      return undefined;
  }
}

function readData(data: unknown): InputMessage | undefined {
  const text = member(data, 'data') ?? '';
  if (member(data, 'type') !== 'STDIN' || typeof text !== 'string') return undefined;
  return { kind: 'input', bytes: Buffer.from(text, 'base64') };
}

function readControl(control: unknown): InputMessage | undefined {
  if (member(control, 'type') === 'HEARTBEAT') return { kind: 'heartbeat' };
  const size = decodeTerminalSize(member(member(control, 'tty_info'), 'window_size'));
  return size === undefined ? undefined : { kind: 'size', size };
}

/** Longest chain of containers in containers, and of one name in it. */
const DEPTH_MAX = 8;
const NAME_CHARACTERS_MAX = 242;

/** The id of a container, outermost first: `parent.child`. @returns undefined for what is none */
export function readContainerId(value: unknown): string | undefined {
  const names: string[] = [];
  for (let id = value; id !== undefined; id = member(id, 'parent')) {
    const name = member(id, 'value');
    const isName = typeof name === 'string' && /^[A-Za-z0-9_-]+$/.test(name) && name.length <= NAME_CHARACTERS_MAX;
    if (!isName || names.length >= DEPTH_MAX) return undefined;
    names.unshift(name);
  }
  return names.length === 0 ? undefined : names.join('.');
}

/** Such an id in the form of the wire. */
export function containerIdOf(id: string): object {
  const at = id.lastIndexOf('.');
  return at === -1 ? { value: id } : { value: id.slice(at + 1), parent: containerIdOf(id.slice(0, at)) };
}

/**
 * What a session runs, with which variables beside those of its container, and as whom: a line for the shell, or a program whose
 * first argument is its own name.
 * @returns a sentence when it is none
 */
export function readCommand(value: unknown): Omit<SessionRequest, 'terminal'> | string {
  const reading = readLenient(CommandInfo, value);
  const {
    value: text = '',
    shell,
    arguments: words,
    user,
    environment,
  }: CommandInfo = reading.ok ? (reading.value as CommandInfo) : {};
  if (text === '') return 'A session needs a command.';
  const variables = environment?.variables ?? [];
  const isOdd = ({ name, value: of = '' }: { name: string; value?: string }): boolean =>
    name === '' || name.includes('=') || `${name}${of}`.includes('\0');
  if (variables.some(isOdd)) return 'A variable of a session has a name without "=", and no NUL characters.';
  if (variables.some(({ type }) => type === 'SECRET')) return 'A session is given no secrets: its task has its own.';
  return {
    argv: shell === false ? [text, ...(words?.slice(1) ?? [])] : ['/bin/sh', '-c', text],
    environment: Object.fromEntries(variables.map(({ name, value: of = '' }) => [name, of])),
    ...(user === undefined ? {} : { user }),
  };
}

/** A member of what may be an object; null is as good as none. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name] ?? undefined;
}

function parse(codec: Codec, bytes: Uint8Array): unknown {
  try {
    return codec.decode('AgentCall', bytes);
  } catch {
    return undefined;
  }
}

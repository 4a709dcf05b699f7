/** What `SET_LOGGING_LEVEL` of Mesos's operator APIs says: the same of a master and of an agent. */
import { Type, type Static } from '@sinclair/typebox';
import { readLenient } from './lenient-json.ts';

const SetLoggingLevel = Type.Object({
  level: Type.Integer(),
  duration: Type.Object({ nanoseconds: Type.Number() }),
});

/** Reads the call's member `set_logging_level`. */
export function readLoggingCall(
  content: unknown,
): { readonly level: number; readonly durationMs: number } | { readonly problem: string } {
  const reading = readLenient(SetLoggingLevel, content);
  if (!reading.ok) return { problem: reading.problem };
  const { level, duration } = reading.value as Static<typeof SetLoggingLevel>;
  return { level, durationMs: duration.nanoseconds / 1_000_000 };
}

/** `/logging`: how much each part of the platform logs, and changing that while it runs. */
import { LoggerChange } from '@stadion/contract/orchestrator-extensions';
import { violation } from '../core/app/checked.ts';
import { decodeShape, shapeOf } from '../core/app/decode.ts';
import { invalidJson, json, rejection } from './answer.ts';
import { notValid } from '../core/root/change.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { readObject } from './read-body.ts';

const CHANGE = shapeOf(LoggerChange);

/** Handlers for the levels of the log. */
export function logLevelHandlers({ options }: HandlerContext): Pick<Handlers, 'getLogging' | 'setLogging'> {
  const { logLevels: levels, time } = options;
  return {
    getLogging: () =>
      json(200, Object.fromEntries([...(levels?.all() ?? [])].map(([name, level]) => [name, level.toUpperCase()]))),
    setLogging({ request }) {
      const body = readObject(request);
      if (!body.ok) return body.answer;
      const decoded = decodeShape(CHANGE, body.value);
      if (!decoded.ok) return invalidJson(decoded.violations);
      const { logger, level, durationSeconds } = decoded.value;
      if (levels?.set(logger, level) !== true) {
        const known = [...(levels?.all().keys() ?? [])].join(', ');
        return rejection(notValid([violation('/logger', `must be one of: ${known}`)]).rejection);
      }
      if (durationSeconds !== undefined) {
        time.after(durationSeconds * 1000, () => {
          levels.reset(logger);
        });
      }
      return json(200, decoded.value);
    },
  };
}

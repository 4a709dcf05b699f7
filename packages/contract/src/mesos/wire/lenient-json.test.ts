import { describe, expect, it } from 'vitest';
import { SchedulerCall } from '../scheduler.ts';
import { asciiJson } from './ascii-json.ts';
import { readLenient } from './lenient-json.ts';

function readCall(json: unknown): unknown {
  const reading = readLenient(SchedulerCall, json);
  return reading.ok ? reading.value : reading.problem;
}

describe('a call in lenient JSON', () => {
  it('may carry nulls, unknown members, bare values for lists, and numbers as strings', () => {
    const call = {
      type: 'ACCEPT',
      subscribe: null,
      framework_id: { value: 'f' },
      accept: {
        offer_ids: { value: 'o1' },
        operations: null,
        filters: { refuse_seconds: '5.5', future: true },
      },
    };
    expect(readCall(call)).toEqual({
      type: 'ACCEPT',
      framework_id: { value: 'f' },
      accept: { offer_ids: [{ value: 'o1' }], operations: [], filters: { refuse_seconds: 5.5 } },
    });
  });

  it('takes an absent list for an empty one', () => {
    expect(readCall({ type: 'RECONCILE', framework_id: { value: 'f' }, reconcile: {} })).toEqual({
      type: 'RECONCILE',
      framework_id: { value: 'f' },
      reconcile: { tasks: [] },
    });
  });

  it('takes null for a member that is required as missing, and says where', () => {
    expect(readCall({ type: 'KILL', framework_id: { value: 'f' }, kill: { task_id: null } })).toBe(
      `Missing required field 'kill.task_id'`,
    );
    expect(readCall({ type: 'SUBSCRIBE' })).toBe(`Missing required field 'subscribe'`);
    expect(readCall({})).toBe(`Missing required field 'type'`);
  });

  it('drops unknown names of enumerations where they are optional', () => {
    const info = { user: 'u', name: 'n', capabilities: [{ type: 'FLYING' }, { type: 'MULTI_ROLE' }] };
    expect(readCall({ type: 'SUBSCRIBE', subscribe: { framework_info: info } })).toMatchObject({
      subscribe: { framework_info: { capabilities: [{ type: 'MULTI_ROLE' }] } },
    });
    expect(readCall({ type: 'FLY', framework_id: { value: 'f' } })).toBe(`'FLY' is no known 'type'`);
  });

  it.each([
    [{ type: 'KILL', framework_id: 'f' }, `Expected an object at 'framework_id', not string`],
    [{ type: 'KILL', framework_id: { value: 7 } }, `Expected a string at 'framework_id.value', not number`],
    ['KILL', `Missing required field 'type'`],
    [null, 'The message is empty'],
  ])('says what it expected instead of %j', (json, problem) => {
    expect(readCall(json)).toBe(problem);
  });
});

describe('ASCII JSON', () => {
  it('is the same JSON without a character beyond ASCII', () => {
    const value = { name: 'Zoë 🚀 \u2028', list: [1, null] };
    const text = asciiJson(value);
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(text)).toEqual(value);
  });
});

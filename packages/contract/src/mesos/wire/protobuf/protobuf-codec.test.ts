import { describe, expect, it } from 'vitest';
import { decodeProtobuf, encodeProtobuf } from './protobuf-codec.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('protobuf', () => {
  it('is the bytes that other implementations write', () => {
    // framework_id (1) { value (1) "f" }, type (2) REVIVE = 5: written by hand from the encoding's specification.
    const bytes = Buffer.from('0a030a0166' + '1005', 'hex');
    expect(hex(encodeProtobuf('SchedulerCall', { framework_id: { value: 'f' }, type: 'REVIVE' }))).toBe(hex(bytes));
    expect(decodeProtobuf('SchedulerCall', bytes)).toEqual({ framework_id: { value: 'f' }, type: 'REVIVE' });
  });

  it('gives back calls as their JSON would be', () => {
    const call = {
      type: 'ACCEPT',
      framework_id: { value: 'f' },
      accept: {
        offer_ids: [{ value: 'o' }],
        operations: [
          {
            type: 'LAUNCH',
            launch: {
              task_infos: [
                {
                  name: 't',
                  task_id: { value: 't' },
                  agent_id: { value: 'a' },
                  resources: [
                    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 }, revocable: {} },
                    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31000, end: 31001 }] } },
                  ],
                  command: {
                    value: 'sleep 1',
                    shell: true,
                    environment: { variables: [{ name: 'A', value: 'b' }] },
                  },
                  limits: { mem: { value: 64 } },
                  kill_policy: { grace_period: { nanoseconds: 3_000_000_000 } },
                },
              ],
            },
          },
        ],
        filters: { refuse_seconds: 5 },
      },
    };
    expect(decodeProtobuf('SchedulerCall', encodeProtobuf('SchedulerCall', call))).toEqual(call);
  });

  it('keeps what is set to nothing: false, 0, and the first name of an enumeration', () => {
    const status = {
      task_id: { value: 't' },
      state: 'TASK_STARTING',
      source: 'SOURCE_MASTER',
      reason: 'REASON_COMMAND_EXECUTOR_FAILED',
      timestamp: 0,
      healthy: false,
    };
    const event = { type: 'UPDATE', update: { status } };
    expect(decodeProtobuf('SchedulerEvent', encodeProtobuf('SchedulerEvent', event))).toEqual(event);
    // executor_id "e", framework_id "e", type 99: a number that is unknown is no type.
    const unknown = Buffer.from('0a030a0165' + '12030a0165' + '1863', 'hex');
    expect(decodeProtobuf('ExecutorCall', unknown)).not.toHaveProperty('type');
  });

  it('knows constraints on offers, sizes of volumes, and what becomes of operations', () => {
    const selector = { pseudoattribute_type: 'ZONE' };
    const groups = [{ attribute_constraints: [{ selector, predicate: { text_matches: { regex: 'a.*' } } }] }];
    const subscribe = {
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: {
          user: '',
          name: 'f',
          offer_filters: {
            web: { min_allocatable_resources: { quantities: [{ quantities: { cpus: { value: 1 } } }] } },
          },
        },
        offer_constraints: { role_constraints: { web: { groups } } },
      },
    };
    expect(decodeProtobuf('SchedulerCall', encodeProtobuf('SchedulerCall', subscribe))).toEqual(subscribe);
    const volume = { name: 'disk', type: 'SCALAR', scalar: { value: 1 } };
    const accept = {
      framework_id: { value: 'f' },
      type: 'ACCEPT',
      accept: {
        operations: [
          { type: 'GROW_VOLUME', id: { value: 'o' }, grow_volume: { volume, addition: volume } },
          { type: 'SHRINK_VOLUME', shrink_volume: { volume, subtract: { value: 1 } } },
        ],
      },
    };
    expect(decodeProtobuf('SchedulerCall', encodeProtobuf('SchedulerCall', accept))).toEqual(accept);
    const uuid = { value: Buffer.alloc(16, 1).toString('base64') };
    const status = { operation_id: { value: 'o' }, state: 'OPERATION_FINISHED', uuid };
    const event = { type: 'UPDATE_OPERATION_STATUS', update_operation_status: { status } };
    expect(decodeProtobuf('SchedulerEvent', encodeProtobuf('SchedulerEvent', event))).toEqual(event);
  });

  it('leaves out what Mesos does not know', () => {
    const status = {
      task_id: { value: 't' },
      state: 'TASK_RUNNING',
      timestamp: 1.5,
      uuid: Buffer.alloc(16, 3).toString('base64'),
    };
    const event = { type: 'UPDATE', update: { status: { ...status, health_results: [{ index: 0 }] } } };
    expect(decodeProtobuf('SchedulerEvent', encodeProtobuf('SchedulerEvent', event))).toEqual({
      type: 'UPDATE',
      update: { status },
    });
  });

  it.each([
    ['cut off', '0a030a01'],
    ['without what is required', '3200'],
    ['no message', 'ffffffff'],
  ])('refuses bytes that are %s', (_, text) => {
    expect(() => decodeProtobuf('SchedulerCall', Buffer.from(text, 'hex'))).toThrow();
  });
});

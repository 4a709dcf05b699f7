/** Mesos v1 messages as protobuf, to and from the objects that their JSON stands for. */
import protobuf from 'protobufjs';
import { PlatformError } from '@stadion/base';
import { AGENT_ENUMERATIONS, AGENT_MESSAGES } from './agent-messages.ts';
import { EXECUTOR_ENUMERATIONS, EXECUTOR_MESSAGES } from './executor-messages.ts';
import { namespaceOf } from './notation.ts';
import { OPERATOR_ENUMERATIONS, OPERATOR_MESSAGES } from './operator-messages.ts';
import { RESOURCE_ENUMERATIONS, RESOURCE_MESSAGES } from './resource-messages.ts';
import { SCHEDULER_ENUMERATIONS, SCHEDULER_MESSAGES } from './scheduler-messages.ts';
import { TASK_ENUMERATIONS, TASK_MESSAGES } from './task-messages.ts';

/** Messages by themselves: calls, events and responses of the v1 APIs, and how masters announce themselves. */
export type MessageName =
  | 'SchedulerCall'
  | 'SchedulerEvent'
  | 'ExecutorCall'
  | 'ExecutorEvent'
  | 'OperatorCall'
  | 'OperatorResponse'
  | 'OperatorEvent'
  | 'AgentCall'
  | 'AgentResponse'
  | 'ProcessIO'
  | 'MasterInfo';

let root: protobuf.Root | undefined;

/** Made when first needed: most processes speak JSON only. */
function type(name: MessageName): protobuf.Type {
  root ??= protobuf.Root.fromJSON(
    namespaceOf(
      {
        ...RESOURCE_MESSAGES,
        ...TASK_MESSAGES,
        ...SCHEDULER_MESSAGES,
        ...EXECUTOR_MESSAGES,
        ...OPERATOR_MESSAGES,
        ...AGENT_MESSAGES,
      },
      {
        ...RESOURCE_ENUMERATIONS,
        ...TASK_ENUMERATIONS,
        ...SCHEDULER_ENUMERATIONS,
        ...EXECUTOR_ENUMERATIONS,
        ...OPERATOR_ENUMERATIONS,
        ...AGENT_ENUMERATIONS,
      },
    ),
  );
  return root.lookupType(name);
}

/**
 * Reads a message into the object that its JSON would be read into: enumerations by name, bytes in base64, numbers.
 * @throws PlatformError `protobuf-malformed` when it is cut off, is none, or lacks what is required
 */
export function decodeProtobuf(name: MessageName, bytes: Uint8Array): unknown {
  const messageType = type(name);
  try {
    return messageType.toObject(messageType.decode(bytes), { longs: Number, enums: String, bytes: String });
  } catch (error) {
    throw new PlatformError('protobuf-malformed', error instanceof Error ? error.message : 'malformed message', {
      cause: error,
    });
  }
}

/** Writes such an object. Members that Mesos does not know are left out, and so are unknown names of enumerations. */
export function encodeProtobuf(name: MessageName, message: unknown): Uint8Array {
  const messageType = type(name);
  return messageType.encode(messageType.fromObject(message as Record<string, unknown>)).finish();
}

/** What became of operations on offers that have an id (`mesos.v1.OperationStatus`). */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { IdValue, Resource } from './resources.ts';

/** States of an operation. */
export const OperationState = stringEnum([
  'OPERATION_PENDING',
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_UNREACHABLE',
  'OPERATION_GONE_BY_OPERATOR',
  'OPERATION_RECOVERING',
  'OPERATION_UNKNOWN',
]);
export type OperationState = Static<typeof OperationState>;

/** One report about an operation. With a `uuid` (16 bytes, base64) it is sent again until it is acknowledged. */
export const OperationStatus = Type.Object({
  operation_id: Type.Optional(IdValue),
  state: OperationState,
  message: Type.Optional(Type.String()),
  converted_resources: Type.Optional(Type.Array(Resource)),
  uuid: Type.Optional(IdValue),
  agent_id: Type.Optional(IdValue),
});
export type OperationStatus = Static<typeof OperationStatus>;

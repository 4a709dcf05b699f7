/** How Mesos v1 messages travel over HTTP: RecordIO frames, and JSON in all its leniency. */
export { asciiJson } from './mesos/wire/ascii-json.ts';
export { readFileCall, readListCall } from './mesos/wire/file-calls.ts';
export { readLoggingCall } from './mesos/wire/logging-calls.ts';
export { readLenient, type LenientReading } from './mesos/wire/lenient-json.ts';
export { RecordReader, encodeRecord } from './mesos/wire/record-io.ts';
export { decodeProtobuf, encodeProtobuf, type MessageName } from './mesos/wire/protobuf/protobuf-codec.ts';
export { acceptedCodec, accepts, codecOf, mediaType, type Codec } from './mesos/wire/media-codec.ts';
export { RecordStream } from './mesos/wire/record-stream.ts';

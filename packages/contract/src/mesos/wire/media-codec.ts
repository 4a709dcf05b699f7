/** The two forms of a v1 message on the wire: JSON and protobuf. */
import { asciiJson } from './ascii-json.ts';
import { decodeProtobuf, encodeProtobuf, type MessageName } from './protobuf/protobuf-codec.ts';

/** Reads and writes messages of one media type. */
export interface Codec {
  readonly mediaType: 'application/json' | 'application/x-protobuf';
  /**
   * Reads a body into the object that JSON would be parsed into.
   * @throws Error that says what is wrong with it
   */
  decode(name: MessageName, body: Uint8Array): unknown;
  encode(name: MessageName, message: unknown): Uint8Array;
  /** Writes a message that is there as JSON text. */
  encodeJson(name: MessageName, json: string): Uint8Array;
}

const jsonCodec: Codec = {
  mediaType: 'application/json',
  decode: (_name, body) => JSON.parse(new TextDecoder().decode(body)) as unknown,
  encode: (_name, message) => new TextEncoder().encode(asciiJson(message)),
  encodeJson: (_name, json) => new TextEncoder().encode(json),
};

const protobufCodec: Codec = {
  mediaType: 'application/x-protobuf',
  decode: decodeProtobuf,
  encode: encodeProtobuf,
  encodeJson: (name, json) => encodeProtobuf(name, JSON.parse(json)),
};

/** In the order in which they are chosen for an answer, as in Mesos. */
const CODECS: readonly Codec[] = [jsonCodec, protobufCodec];

/** The codec of a `Content-Type`, parameters aside; Mesos takes none, we do. */
export function codecOf(contentType: string | undefined): Codec | undefined {
  const type = mediaType(contentType);
  return CODECS.find((codec) => codec.mediaType === type);
}

/** The codec of the answer that an `Accept` header allows (RFC 9110, 12.5.1). None allows all. */
export function acceptedCodec(accept: string | undefined): Codec | undefined {
  return CODECS.find((codec) => accepts(accept, codec.mediaType));
}

/** The media type of a header, without parameters; undefined where there is none. */
export function mediaType(header: string | undefined): string | undefined {
  const type = header?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}

/** Whether an `Accept` header allows a media type. */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some((range) => {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return name === type || name === '*/*' || name === `${type.split('/')[0] ?? ''}/*`;
  });
}

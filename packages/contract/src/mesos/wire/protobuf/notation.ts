/**
 * A short notation for protobuf messages, and what protobufjs makes of it. A message is a text of fields, each
 * `name number type`: `id! 1 FrameworkID` is required, `roles* 12 string` repeated, `limits% 15 Scalar` a map from strings,
 * anything else optional. An enumeration is a text of `NAME number`.
 */
import type { AnyNestedObject, IField, INamespace } from 'protobufjs';
import { assert } from '@stadion/base';

/** Messages by name, each as the text of its fields. */
export type Messages = Readonly<Record<string, string>>;
/** Enumerations by name, each as the text of its values. */
export type Enumerations = Readonly<Record<string, string>>;

/** Mesos's own: what is set is sent, also where it is 0, false, or the first name of an enumeration. */
const EDITION = 'proto2';

const RULES: Readonly<Record<string, string | undefined>> = { '!': 'required', '*': 'repeated' };

/** The package as protobufjs reads it. */
export function namespaceOf(messages: Messages, enumerations: Enumerations): INamespace {
  const nested: Record<string, AnyNestedObject> = {};
  for (const [name, text] of Object.entries(messages)) nested[name] = { edition: EDITION, fields: fieldsOf(text) };
  for (const [name, text] of Object.entries(enumerations)) nested[name] = { edition: EDITION, values: valuesOf(text) };
  return { nested };
}

function fieldsOf(text: string): Record<string, IField> {
  const fields: Record<string, IField> = {};
  for (const entry of entriesOf(text)) {
    const match = /^(\w+)([!*%]?) (\d+) (\w+)$/.exec(entry);
    assert(match !== null, `a field is written 'name number type', not '${entry}'`);
    const [, name = '', kind = '', id = '', type = ''] = match;
    assert(fields[name] === undefined, `the field ${name} is there once`);
    const rule = RULES[kind];
    const field: IField = { type, id: Number(id), ...(rule === undefined ? {} : { rule }) };
    fields[name] = kind === '%' ? ({ ...field, keyType: 'string' } as IField) : field;
  }
  return fields;
}

function valuesOf(text: string): Record<string, number> {
  return Object.fromEntries(
    entriesOf(text).map((entry) => {
      const match = /^(\w+) (\d+)$/.exec(entry);
      assert(match !== null, `a value is written 'NAME number', not '${entry}'`);
      return [match[1] ?? '', Number(match[2])];
    }),
  );
}

function entriesOf(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

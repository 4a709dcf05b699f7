import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NodeView } from './node-view.ts';
import { decodeNode, encodeNode } from './ranger-json.ts';
import { plainNode } from './service-node.ts';

/** As Ranger 1.1.4 wrote it. */
const RANGER =
  '{"host":"host1","port":31000,"routingWeight":1.0,"nodeData":{"environment":"prod","region":null,"tags":null},' +
  '"healthcheckStatus":"healthy","lastUpdatedTimeStamp":1795425273406,"healthySinceTimeStamp":1795425273407,"portScheme":null}';
/** As com.flipkart.ranger 0.6.3 wrote it. */
const LEGACY =
  '{"host":"host1","port":31000,"nodeData":{"environment":"prod"},"healthcheckStatus":"healthy","lastUpdatedTimeStamp":1795425273406}';

const node = plainNode('host1', 31000, {
  nodeData: { environment: 'prod', region: null, tags: null },
  lastUpdatedTimeStamp: 1795425273406,
  healthySinceTimeStamp: 1795425273407,
});

describe('nodes are written byte for byte as Ranger does', () => {
  test('new and old', () => {
    expect(encodeNode(node)).toBe(RANGER);
    expect(encodeNode(node, 'legacy')).toBe(LEGACY);
  });

  test.each([
    [1, '1.0'],
    [0, '0.0'],
    [0.5, '0.5'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [0.00025, '2.5E-4'],
  ])('a weight of %d is %s', (routingWeight, text) => {
    expect(encodeNode({ ...node, routingWeight })).toContain(`"routingWeight":${text},`);
  });
});

describe('nodes are read', () => {
  test('in both forms, with what is missing as Ranger takes it', () => {
    expect(decodeNode(RANGER)).toEqual(node);
    expect(decodeNode(LEGACY)).toEqual({ ...node, healthySinceTimeStamp: 0 });
    expect(decodeNode('{"host":"h","port":"80"}')).toMatchObject({
      port: 80,
      routingWeight: 1,
      healthcheckStatus: 'healthy',
      healthySinceTimeStamp: 0,
      portScheme: null,
      nodeData: { environment: '', region: null, tags: null },
    });
    expect(decodeNode(RANGER.replace('"routingWeight":1.0', '"routingWeight":7.5'))?.routingWeight).toBe(1);
    expect(decodeNode(RANGER.replace('"healthy"', '"UNHEALTHY"'))?.healthcheckStatus).toBe('unhealthy');
  });

  test('one that was never updated is known, and too old to be called', () => {
    for (const text of ['{"host":"h","port":80}', RANGER.replace('1795425273406', '-9223372036854775808')]) {
      expect(new NodeView().accept([decodeNode(text)!], 0, 1_795_425_273_406)).toEqual([]);
    }
  });

  test('unknown members survive, also numbers that JavaScript cannot hold', () => {
    const text = RANGER.replace('"tags":null', '"tags":["a|b"],"rack":7')
      .replace('1795425273406', '-9223372036854775808')
      .replace('"portScheme":null', '"portScheme":"HTTP","big":9223372036854775807,"text":"1234567890123456789"');
    expect(encodeNode(decodeNode(text)!)).toBe(text);
  });

  test('whatever is there, reading never throws, and what was written is read again', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeNode(text)));
    const any = fc.record({
      host: fc.string({ minLength: 1 }),
      port: fc.integer({ min: 1, max: 65_535 }),
      routingWeight: fc.constantFrom(0, 0.25, 1),
    });
    fc.assert(
      fc.property(any, fc.string(), (members, environment) => {
        const made = { ...node, ...members, nodeData: { environment, region: 'r', tags: ['x'] } };
        expect(decodeNode(encodeNode(made))).toEqual(made);
      }),
    );
  });

  test('what cannot be called is left out', () => {
    for (const text of ['', 'null', '[]', '{}', '{"host":"h"}', '{"host":"h","port":70000}', '127.0.0.1']) {
      expect(decodeNode(text)).toBeUndefined();
    }
  });
});

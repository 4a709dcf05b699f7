import { expect, test } from 'vitest';
import { apiOperations, operationsWith } from './api-operations.ts';

const of = (operationId: string, summary: string) => ({ operationId, summary, 'x-stadion-permission': 'apps:read' });
const operations = apiOperations({
  '/v2/apps': { get: of('listApps', 'List apps'), post: of('createApp', 'Create an app') },
  '/ping': { get: of('ping', 'Say that it is there') },
});

test('each method of a path is an operation of its own', () => {
  expect(operations.map(({ id, method, path }) => `${id} ${method} ${path}`)).toEqual([
    'listApps GET /v2/apps',
    'createApp POST /v2/apps',
    'ping GET /ping',
  ]);
});

test('operations are found by words in any order', () => {
  expect(operationsWith(operations, 'app POST').map(({ id }) => id)).toEqual(['createApp']);
  expect(operationsWith(operations, '')).toHaveLength(3);
  expect(operationsWith(operations, 'nothing like that')).toEqual([]);
});

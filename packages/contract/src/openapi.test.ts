import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { orchestratorRoutes } from './orchestrator/routes.ts';

const CHECKED_IN = new URL('../../../docs/openapi.json', import.meta.url);

/** Every `$ref` in a value. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)));
}

describe('the OpenAPI document', () => {
  const document = openApiDocument() as {
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: Record<string, unknown> };
  };

  it('is checked in as it is made; npm run openapi writes it', () => {
    expect(JSON.parse(readFileSync(CHECKED_IN, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('has every route once', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    );
    expect(ids.sort()).toEqual(Object.keys(orchestratorRoutes).sort());
  });

  it('refers to nothing that is not in it', () => {
    const known = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    const used = references(document);
    expect(used.length).toBeGreaterThan(50);
    expect(used.filter((reference) => !known.has(reference))).toEqual([]);
  });
});

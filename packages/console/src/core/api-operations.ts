/** The operations of the API, as its description by OpenAPI lists them. */

/** One of them. */
export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  /** What a caller must be allowed to do. */
  readonly permission: string;
}

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly 'x-stadion-permission': string;
}

/** @param paths of the description: by path, then by method in lower case */
export function apiOperations(
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>,
): readonly ApiOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      summary: operation.summary,
      permission: operation['x-stadion-permission'],
    })),
  );
}

/** Those that have all words in what is said of them. */
export function operationsWith(operations: readonly ApiOperation[], text: string): readonly ApiOperation[] {
  const words = text.toLowerCase().split(/\s+/);
  return operations.filter(({ method, path, summary, permission }) => {
    const said = `${method} ${path} ${summary} ${permission}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

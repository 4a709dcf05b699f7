/**
 * For HTTP servers by Fastify whose routes are checked by the contract: without it Fastify loads two compilers of schemas,
 * a hundred and fifty files, for every process that starts.
 */
import { AssertionError } from './assert.ts';

/** The setting `schemaController` of a server none of whose routes has a `schema`; one that has is refused when it is added. */
export const noSchemas = {
  compilersFactory: { buildValidator: refuse, buildSerializer: refuse },
};

function refuse(): never {
  throw new AssertionError('Routes have no schema for Fastify: what comes in is checked by the contract');
}

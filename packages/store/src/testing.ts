/** For the tests of this store's adapters, here and elsewhere. */
export { storeConformance, type StoreClaim, type StoreHarness } from './testing/conformance.ts';

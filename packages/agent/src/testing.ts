/** What suites of other rooms share with those of the agent: real parts, started privately and ended without a trace. */
export { DockerDaemon } from './testing/docker-daemon.ts';
export { withBusyboxTree } from './testing/docker-images.ts';
export { SmallRegistry } from './testing/small-registry.ts';
export { leftoversOf } from './testing/machine-leftovers.ts';
export { busyboxLayer, makeImage, tarOf, writeLayout } from './testing/image-maker.ts';

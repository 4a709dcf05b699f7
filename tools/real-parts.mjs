/**
 * The real parts that suites run against: programs that no npm package brings. `npm test` installs the missing ones
 * where it may (root on Debian) and otherwise has the dependent tests skipped, loudly.
 *
 * To add one: put it into the list below, and let its suites start with
 * `describe.skipIf(missingParts.includes('haproxy'))(…)`, where `missingParts` are the names in the environment
 * variable STADION_MISSING_PARTS, separated by commas.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A real part: its name in STADION_MISSING_PARTS, the Debian package it comes in, how one sees that it is there (a
 * command on PATH or a file), and what needs it.
 * @typedef {{
 *   readonly name: string,
 *   readonly debianPackage: string,
 *   readonly provides: { readonly command: string } | { readonly file: string },
 *   readonly neededBy: string,
 * }} RealPart
 */

/** @type {readonly RealPart[]} */
export const realParts = [
  { name: 'dig', debianPackage: 'dnsutils', provides: { command: 'dig' }, neededBy: 'the suite of names' },
  { name: 'unbound', debianPackage: 'unbound', provides: { command: 'unbound' }, neededBy: 'the suite of names' },
  { name: 'dnsmasq', debianPackage: 'dnsmasq-base', provides: { command: 'dnsmasq' }, neededBy: 'the suite of names' },
  {
    name: 'haproxy',
    debianPackage: 'haproxy',
    provides: { command: 'haproxy' },
    neededBy: "the suites of the edge's data planes",
  },
  {
    name: 'zookeeper',
    debianPackage: 'zookeeper',
    provides: { file: '/usr/share/java/zookeeper.jar' },
    neededBy: 'the suites of the store in ZooKeeper and of clusters',
  },
  {
    name: 'runc',
    debianPackage: 'runc',
    provides: { command: 'runc' },
    neededBy: 'the suites of the linux containerizer',
  },
  {
    name: 'catatonit',
    debianPackage: 'catatonit',
    provides: { command: 'catatonit' },
    neededBy: 'the linux containerizer at its best; with tini its suites run as well',
  },
  {
    name: 'tini',
    debianPackage: 'tini',
    provides: { file: '/usr/bin/tini-static' },
    neededBy: 'the suites of the linux containerizer',
  },
  {
    name: 'chromium',
    debianPackage: 'chromium-headless-shell',
    provides: { command: 'chromium-headless-shell' },
    neededBy: 'tests/console*.test.ts, the web console in a browser',
  },
  {
    name: 'docker',
    debianPackage: 'docker.io',
    provides: { command: 'dockerd' },
    neededBy: 'suites of the docker containerizer',
  },
  {
    name: 'busybox',
    debianPackage: 'busybox-static',
    provides: { file: '/bin/busybox' },
    neededBy: 'images of test containers',
  },
  {
    name: 'curl',
    debianPackage: 'curl',
    provides: { command: 'curl' },
    neededBy: 'suites of the docker containerizer',
  },
  {
    name: 'iproute2',
    debianPackage: 'iproute2',
    provides: { command: 'ip' },
    neededBy: 'suites of the docker containerizer',
  },
  {
    name: 'containernetworking-plugins',
    debianPackage: 'containernetworking-plugins',
    provides: { file: '/usr/lib/cni/bridge' },
    neededBy: 'networks in the suites of the linux containerizer',
  },
  {
    name: 'iptables',
    debianPackage: 'iptables',
    provides: { command: 'iptables' },
    neededBy: 'networks in the suites of the linux containerizer',
  },
  {
    name: 'python3',
    debianPackage: 'python3',
    provides: { command: 'python3' },
    neededBy: 'tests/frameworks.test.ts, a framework in plain Python',
  },
  {
    name: 'python3-marathon',
    debianPackage: 'python3-marathon',
    provides: { file: '/usr/lib/python3/dist-packages/marathon/client.py' },
    neededBy: 'tests/clients.test.ts, marathon-python as it is',
  },
  {
    name: 'prometheus',
    debianPackage: 'prometheus',
    provides: { command: 'prometheus' },
    neededBy: 'tests/clients.test.ts, discovery by Prometheus',
  },
  {
    name: 'zstd',
    debianPackage: 'zstd',
    provides: { command: 'zstd' },
    neededBy: 'the suite of images',
  },
];

/**
 * A part that is not here, and why.
 * @typedef {{ readonly part: RealPart, readonly reason: string }} MissingPart
 */

/**
 * How this module reaches the machine; replaced in its tests.
 * @typedef {{
 *   readonly isPresent: (part: RealPart) => boolean,
 *   readonly isRoot: boolean,
 *   readonly hasApt: boolean,
 *   readonly apt: (args: readonly string[]) => Promise<boolean>,
 * }} Machine
 */

/**
 * Installs what is missing where that is possible.
 * @param {readonly RealPart[]} parts
 * @param {Machine} machine
 * @returns {Promise<readonly MissingPart[]>} what is still missing, each with the reason
 */
export async function installRealParts(parts, machine) {
  const missing = parts.filter((part) => !machine.isPresent(part));
  if (missing.length === 0) return [];
  if (!machine.hasApt) return because(missing, 'this system has no apt-get: install it by hand');
  if (!machine.isRoot) {
    return missing.map((part) => ({ part, reason: `run \`sudo apt-get install ${part.debianPackage}\` once` }));
  }
  // An outdated or absent package list finds nothing; a list that cannot be fetched may still do.
  await machine.apt(['update']);
  await machine.apt(['install', '--yes', '--no-install-recommends', ...missing.map((part) => part.debianPackage)]);
  return because(
    missing.filter((part) => !machine.isPresent(part)),
    'apt-get could not install it: see its output above',
  );
}

/**
 * Whether a part can be found on this machine.
 * @param {RealPart} part
 */
export function isPresent({ provides }) {
  if ('file' in provides) return existsSync(provides.file);
  const folders = (process.env.PATH ?? '').split(delimiter);
  // An ordinary user's PATH often lacks the places of servers.
  return [...folders, '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, provides.command)));
}

/**
 * @param {readonly RealPart[]} parts
 * @param {string} reason
 */
function because(parts, reason) {
  return parts.map((part) => ({ part, reason }));
}

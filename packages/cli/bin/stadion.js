#!/usr/bin/env node
// Composition: the command line, and the platform that it may start. Neither knows the other.
import { existsSync } from 'node:fs';

const program = new URL('../dist/main.js', import.meta.url);
if (!existsSync(program)) {
  process.stderr.write('error: stadion is not built yet. At the repository root, run: npm ci && npm run build\n');
  process.exit(1);
}

const { main } = await import(program.href);
await main({
  async openDiscovery(where) {
    const { inspectZooKeeper } = await import('@stadion/discovery/zookeeper');
    return inspectZooKeeper(where);
  },
  async startPlatform(config, start) {
    const { runUp } = await import('@stadion/server');
    const surroundings = {
      print: (text) => process.stdout.write(`${text}\n`),
      printError: (text) => process.stderr.write(`${text}\n`),
    };
    return await runUp(config, surroundings, start);
  },
  async backUp(task) {
    const { runBackup } = await import('@stadion/server/backup');
    return await runBackup(task);
  },
});

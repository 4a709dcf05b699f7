/**
 * Must not compile: every line that ends in `refused` reaches for the outside world in a way that a `core/` cannot.
 * Compiled together with every core/; see tools/checks/purity.mjs.
 */
import { assert } from '@stadion/base';
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { TaskState } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { readFileSync } from 'node:fs'; // refused
import { spawn } from 'node:child_process'; // refused

export type EntryPoints = [typeof assert, AgentInfo, TaskState, AppDefinition];

setTimeout(() => undefined, 1); // refused
setInterval(() => undefined, 1); // refused
setImmediate(() => undefined); // refused
queueMicrotask(() => undefined); // refused
void fetch('http://127.0.0.1/'); // refused
console.log('hello'); // refused
process.exit(1); // refused
crypto.randomUUID(); // refused
performance.now(); // refused
new AbortController().abort(); // refused
Buffer.from('hello'); // refused

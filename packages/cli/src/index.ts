/** The command line as a library: for the program itself, and for tests that run it in their own process. */
export { EXIT, type ExitCode } from './exit-codes.ts';
export { main, type MainOptions } from './main.ts';
export type { CliPorts, Machine, Output } from './platform/ports.ts';
export { runCli } from './program.ts';

/**
 * The supervisor of one task: a few lines of POSIX shell that outlive the agent. It runs the command as its child and
 * leaves the exit status behind as the name of an empty file, which is created whole or not at all, even on a full disk.
 */

/** The prefix of the file that says how the command ended, e.g. `exit-0`. */
export const EXIT_FILE_PREFIX = 'exit-';

/**
 * `$1` is the directory for the exit file, the rest is the command. Run by `/bin/sh -c`, in its own session, with the
 * task's environment, directory and output.
 *
 * The command runs in the foreground: so the shell's own traps wait until it has ended, and the command gets the
 * default actions of all signals and no terminal. The traps are what lets the supervisor survive signals that are sent
 * to its whole group.
 */
export const SUPERVISOR_SCRIPT = `trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE
directory=$1
shift
"$@"
: >"$directory/${EXIT_FILE_PREFIX}$?"`;

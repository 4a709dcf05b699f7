/** `npm run build`: compiles every package and builds the web console; what is up to date is left alone. */
import { build } from './prepare.mjs';
import { root } from './rooms.mjs';

process.exitCode = (await build(root)) ? 0 : 1;

/** Writes docs/openapi.json from the table of routes. Run after `npm run build`: `npm run openapi`. */
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../packages/contract/dist/openapi.js';

const target = new URL('../docs/openapi.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(openApiDocument(), null, 1)}\n`);

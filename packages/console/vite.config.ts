/** Builds the console into `dist/site`: hashed files, each also packed beforehand, so that serving costs nothing. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const SITE = join(import.meta.dirname, 'dist', 'site');

/** Below this a packed file saves nothing. */
const PACKED_BYTES_MIN = 1024;

/** Writes `.br` and `.gz` beside every text file. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    closeBundle() {
      const assets = join(SITE, 'assets');
      for (const name of readdirSync(assets).filter((file) => /\.(js|css|svg)$/.test(file))) {
        const bytes = readFileSync(join(assets, name));
        if (bytes.length < PACKED_BYTES_MIN) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes, { params }));
        writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), packed()],
  // The server puts a fresh number in its place with every answer.
  html: { cspNonce: '__STADION_NONCE__' },
  build: {
    outDir: SITE,
    emptyOutDir: true,
    target: 'es2022',
    // Small enough to come at once: no page waits for its looks, or is shown without them.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    // Small pictures inside styles would need a wider content security policy for fonts.
    assetsInlineLimit: 0,
  },
  // While at work: `npx vite` in this folder, beside a running platform.
  server: { proxy: { '/v2': 'http://127.0.0.1:8080', '/ping': 'http://127.0.0.1:8080' } },
});

/**
 * Makes the image of the demo service without a registry and without a Dockerfile: this machine's own Node with its
 * libraries, the service, and what it needs as it is installed here, imported into the Docker daemon at DOCKER_HOST. From
 * a built checkout:
 *
 *     node examples/demo-service/image.js [NAME]
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const NAME = 'santanusinha/docker-demo-service';
/** Inside, the ports are always these: `$PORT0` and `$PORT1` are those of the machine, and so is `$HOST`. */
const CHANGES = [
  'ENV PATH=/usr/bin LISTEN_ADDRESS=0.0.0.0 APPLICATION_PORT=8080 ADMIN_PORT=8081',
  'EXPOSE 8080 8081',
  'WORKDIR /service',
  'CMD ["/usr/bin/node", "server.js"]',
];

const name = process.argv[2] ?? NAME;
const socketPath = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');
const tree = mkdtempSync(join(tmpdir(), 'stadion-demo-image-'));
try {
  fill(tree);
  await importTree(tree);
  console.log(`made the image ${name}`);
} finally {
  rmSync(tree, { recursive: true, force: true });
}

/** @param {string} root */
function fill(root) {
  for (const folder of ['service', 'usr/bin', 'tmp', 'etc']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(realpathSync(process.execPath), join(root, 'usr/bin/node'));
  for (const library of librariesOf(process.execPath)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, library));
  }
  for (const file of ['package.json', 'server.js', 'service.js']) {
    copyFileSync(join(import.meta.dirname, file), join(root, 'service', file));
  }
  for (const [path, folder] of packagesOf(import.meta.dirname, 'service')) {
    const isWanted = (source) => !source.slice(folder.length).includes('node_modules');
    cpSync(folder, join(root, path), { recursive: true, filter: isWanted });
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/usr/bin/node\n');
}

/**
 * What a package depends on, and that again, as Node finds it from there: where it goes to, beside where it is. A second
 * version of a package goes where its user finds it first.
 * @param {string} user its folder
 * @param {string} place its folder in the image
 * @param {Map<string, string>} [found]
 */
function packagesOf(user, place, found = new Map()) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(user, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const folder = folderOf(name, user);
    const shared = join('service', 'node_modules', name);
    const path = (found.get(shared) ?? folder) === folder ? shared : join(place, 'node_modules', name);
    if (found.get(path) === folder) continue;
    found.set(path, folder);
    packagesOf(folder, path, found);
  }
  return found;
}

/**
 * @param {string} name
 * @param {string} user whose folder it is to be found from
 */
function folderOf(name, user) {
  for (let folder = user; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return realpathSync(found);
    if (folder === dirname(folder)) throw new Error(`${name} is not installed: run npm install in the checkout first.`);
  }
}

/**
 * @param {string} program
 * @returns {string[]} absolute paths
 */
function librariesOf(program) {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...text.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]);
}

/** @param {string} root */
function importTree(root) {
  const [repo, tag = 'latest'] = name.split(':');
  const query = new URLSearchParams({ fromSrc: '-', repo, tag });
  for (const change of CHANGES) query.append('changes', change);
  const tar = spawn('tar', ['--create', '--directory', root, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: 'POST', path: `/images/create?${query}` }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.once('end', () => {
        if (response.statusCode === 200 && !text.includes('errorDetail')) resolve(undefined);
        else reject(new Error(`Docker did not take the image: ${text}`));
      });
    });
    outgoing.once('error', (error) => {
      reject(new Error(`No Docker daemon answers at ${socketPath}: start it, or set DOCKER_HOST. (${error.message})`));
    });
    tar.stdout.pipe(outgoing);
  });
}

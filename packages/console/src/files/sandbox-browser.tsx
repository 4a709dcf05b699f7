/** The files of a sandbox: folders to walk through, files to look into or to download. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Download, File, Folder } from 'lucide-react';
import type { FileEntry } from '@stadion/contract/mesos-state';
import { bytes } from '../core/amounts.ts';
import { moment } from '../core/moments.ts';
import { filesQuery } from '../data/cluster-queries.ts';
import { Panel } from '../parts/panel.tsx';
import { downloadUrl } from './file-urls.ts';
import { Pailer } from './pailer.tsx';
import type { FilePlace } from './use-file-tail.ts';
import { PlainTable } from '../parts/plain-table.tsx';
import styles from './sandbox-browser.module.css';

const COLUMNS = ['Name', 'Mode', 'Links', 'User', 'Group', 'Size', 'Changed', 'Download'];

/** @param root the sandbox @param folder a path below it, empty for itself @param file the one that is looked into, below the sandbox */
export function SandboxBrowser({
  root,
  folder,
  file,
}: {
  readonly root: FilePlace;
  readonly folder: string;
  readonly file: string | undefined;
}) {
  const place: FilePlace = { ...root, path: folder === '' ? root.path : `${root.path}/${folder}` };
  const { data: entries, error } = useQuery(filesQuery(place));
  return (
    <>
      {file !== undefined && (
        <Panel title={file} isFlush>
          <Pailer
            key={`${root.agentId} ${root.path} ${file}`}
            place={{ ...root, path: `${root.path}/${file}` }}
            label={file}
          />
        </Panel>
      )}
      <Panel title="Files" aside={<Path folder={folder} />} isFlush>
        {error !== null && <p className={styles['note']}>{error.message}</p>}
        {entries?.length === 0 && <p className={styles['note']}>This folder is empty.</p>}
        {entries !== undefined && entries.length > 0 && <FileTable root={root} entries={entries} folder={folder} />}
      </Panel>
    </>
  );
}

function Path({ folder }: { readonly folder: string }) {
  const names = folder.split('/').filter((name) => name !== '');
  return (
    <nav aria-label="Folder">
      <Link to="." search={(previous: object) => ({ ...previous, folder: undefined })}>
        sandbox
      </Link>
      {names.map((name, index) => (
        <span key={names.slice(0, index + 1).join('/')}>
          {' / '}
          <Link to="." search={(previous: object) => ({ ...previous, folder: names.slice(0, index + 1).join('/') })}>
            <bdi>{name}</bdi>
          </Link>
        </span>
      ))}
    </nav>
  );
}

function FileTable({
  root,
  entries,
  folder,
}: {
  readonly root: FilePlace;
  readonly entries: readonly FileEntry[];
  readonly folder: string;
}) {
  return (
    <PlainTable label="List of files" titles={COLUMNS}>
      {entries.map((entry) => (
        <FileRow key={entry.path} root={root} entry={entry} folder={folder} />
      ))}
    </PlainTable>
  );
}

function FileRow({
  root,
  entry,
  folder,
}: {
  readonly root: FilePlace;
  readonly entry: FileEntry;
  readonly folder: string;
}) {
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
  const below = folder === '' ? name : `${folder}/${name}`;
  const isFolder = entry.mode.startsWith('d');
  const Icon = isFolder ? Folder : File;
  return (
    <tr>
      <th scope="row">
        <span className={styles['name']}>
          <Icon size={14} aria-hidden />
          <Link
            to="."
            search={(previous: object) => (isFolder ? { ...previous, folder: below } : { ...previous, file: below })}
          >
            <bdi>{name}</bdi>
          </Link>
        </span>
      </th>
      <td>
        <code>{entry.mode}</code>
      </td>
      <td>{entry.nlink}</td>
      <td>{entry.uid}</td>
      <td>{entry.gid}</td>
      <td>{isFolder ? '' : bytes(entry.size)}</td>
      <td>{moment(entry.mtime * 1000)}</td>
      <td>
        {!isFolder && (
          <a href={downloadUrl({ ...root, path: entry.path })} download aria-label={`Download ${name}`}>
            <Download size={15} aria-hidden />
          </a>
        )}
      </td>
    </tr>
  );
}

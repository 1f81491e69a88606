import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../../data-folder.ts';
import type { HttpReaderOptions } from '../http-reader.ts';
import type { LedgerSource } from '../ledger-source.ts';
import { type Seen, seen, unseen } from '../seen.ts';
import { FolderSource } from './folder-source.ts';
import { GatewaySource } from './gateway-source.ts';
import { ScittSource } from './scitt-source.ts';
import { TilesSource } from './tiles-source.ts';

/** What stands at a URL or in a folder, found out by asking and never by what it says of itself. */
export async function openSource(
  place: string,
  options: HttpReaderOptions = {},
): Promise<Seen<LedgerSource>> {
  return /^https?:\/\//i.test(place) ? atUrl(place, options) : inFolder(place);
}

async function atUrl(url: string, options: HttpReaderOptions): Promise<Seen<LedgerSource>> {
  const gateway = new GatewaySource(url, options);
  const first = await gateway.checkpoint();
  if (first.seen) return seen(gateway);
  const tiles = TilesSource.atUrl(url, options);
  if ((await tiles.checkpoint()).seen) return seen(tiles);
  const scitt = new ScittSource(url, options);
  if ((await scitt.keys()).seen) return seen(scitt);
  const { why, detail } = first;
  return unseen(
    why,
    `${url} shows no checkpoint (/log/checkpoint, /checkpoint) and no keys (/.well-known/scitt-keys): ${detail}`,
  );
}

function inFolder(folder: string): Seen<LedgerSource> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    return unseen('absent', `${folder} is no folder and no http URL`);
  }
  const { ledger } = dataFolder(folder);
  if (existsSync(ledger)) return seen(new FolderSource(ledger));
  const prefix = [folder, join(folder, 'log')].find((at) => existsSync(join(at, 'checkpoint')));
  if (prefix !== undefined) return seen(TilesSource.inFolder(prefix));
  return unseen('absent', `${folder} holds neither ledger.db nor a checkpoint with tiles`);
}

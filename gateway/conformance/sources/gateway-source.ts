import { fromBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import { type TileId, tilePath } from '@truegrain/device-sdk/formats/tiles.js';
import { HttpReader, type HttpReaderOptions } from '../http-reader.ts';
import type {
  LedgerSource,
  ReadLeaf,
  ReadLeaves,
  ServiceKey,
  TimedRead,
} from '../ledger-source.ts';
import { type Seen, seen, unseen } from '../seen.ts';
import { leavesOfBundles } from './bundles.ts';
import { readKeySet } from './key-set.ts';

const PAGE = 500;
/** So many statements of the law are read one by one; each is a request. */
const GOVERNANCE_MAX = 20_000;
const REQUESTS_AT_ONCE = 8;
/** Pages can be empty, where all on them is the registry's. */
const PAGES_MAX = 10_000;

interface Listed {
  readonly id: string;
  readonly leafIndex: number;
}

/** A Truegrain gateway over HTTP: its public routes, and with a token what that opens. */
export class GatewaySource implements LedgerSource {
  readonly kind = 'gateway';
  readonly where: string;
  readonly #reader: HttpReader;

  constructor(url: string, options: HttpReaderOptions = {}) {
    this.#reader = new HttpReader(url, options);
    this.where = this.#reader.base;
  }

  checkpoint(): Promise<Seen<string>> {
    return this.#reader.text('/log/checkpoint');
  }

  tile(tile: TileId): Promise<Seen<Uint8Array>> {
    return this.#reader.bytes(`/log/${tilePath(tile)}`);
  }

  /** Every entry where the ledger opens them, else the law, which is public entry by entry. */
  async leaves(size: number): Promise<Seen<ReadLeaves>> {
    const whole = await leavesOfBundles(this, size);
    return whole.seen ? whole : this.#governance(size);
  }

  async keys(): Promise<Seen<readonly ServiceKey[]>> {
    return readKeySet(await this.#reader.bytes('/.well-known/scitt-keys'));
  }

  readonly timed: readonly TimedRead[] = [
    '/healthz',
    '/log/checkpoint',
    '/log/tile/0/000.p/1',
    '/v1/governance?limit=100',
    '/v1/alliance',
    '/.well-known/scitt-keys',
  ].map((path) => ({ name: `GET ${path}`, read: () => this.#reader.bytes(path) }));

  close(): void {}

  async #governance(size: number): Promise<Seen<ReadLeaves>> {
    const listed: Listed[] = [];
    let from: number | null = 0;
    for (let pages = 0; from !== null; pages += 1) {
      const path: string = `/v1/governance?fromLeaf=${from}&limit=${PAGE}`;
      const page = await this.#reader.json(path);
      if (!page.seen) return page;
      const read = pageOf(page.value, from);
      if (read === null) return unseen('malformed', `${path}: not a list of governance leaves`);
      listed.push(...read.leaves.filter(({ leafIndex }) => leafIndex < size));
      from = read.next !== null && read.next < size ? read.next : null;
      if (listed.length > GOVERNANCE_MAX || pages > PAGES_MAX) {
        return unseen(
          'not-asked',
          `above ${GOVERNANCE_MAX} governance statements or ${PAGES_MAX} pages`,
        );
      }
    }
    return this.#entriesOf(listed);
  }

  async #entriesOf(listed: readonly Listed[]): Promise<Seen<ReadLeaves>> {
    const leaves: ReadLeaf[] = [];
    for (let start = 0; start < listed.length; start += REQUESTS_AT_ONCE) {
      const some = listed.slice(start, start + REQUESTS_AT_ONCE);
      for (const entry of await Promise.all(some.map((leaf) => this.#entryOf(leaf)))) {
        if (!entry.seen) return entry;
        leaves.push(entry.value);
      }
    }
    return seen({ leaves, isWhole: false });
  }

  async #entryOf({ id, leafIndex }: Listed): Promise<Seen<ReadLeaf>> {
    const path = `/v1/governance/${id}`;
    const got = await this.#reader.json(path);
    if (!got.seen) return got;
    const { entry } = got.value as { entry?: unknown };
    const bytes = typeof entry === 'string' ? fromBase64Url(entry) : null;
    return bytes ? seen({ leafIndex, entry: bytes }) : unseen('malformed', `${path}: no entry`);
  }
}

/** Null for anything but an ascending page that leads on. */
function pageOf(
  page: unknown,
  from: number,
): { leaves: readonly Listed[]; next: number | null } | null {
  const { leaves, next } = (page ?? {}) as { leaves?: unknown; next?: unknown };
  if (!Array.isArray(leaves) || leaves.length > PAGE || !leaves.every(isListed)) return null;
  if (next !== null && !(Number.isSafeInteger(next) && (next as number) > from)) return null;
  return { leaves, next: next as number | null };
}

function isListed(one: unknown): one is Listed {
  const { id, leafIndex } = (one ?? {}) as Partial<Listed>;
  if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id)) return false;
  return Number.isSafeInteger(leafIndex) && (leafIndex ?? -1) >= 0;
}

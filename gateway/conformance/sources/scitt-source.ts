import { HttpReader, type HttpReaderOptions } from '../http-reader.ts';
import type { LedgerSource, ReadLeaves, ServiceKey, TimedRead } from '../ledger-source.ts';
import { type Seen, unseen } from '../seen.ts';
import { readKeySet } from './key-set.ts';

/**
 * A SCITT transparency service by SCRAPI alone. It publishes its keys and answers for a statement
 * whose locator one has; it shows no tree, no entries in order and nobody beside itself.
 */
export class ScittSource implements LedgerSource {
  readonly kind = 'scitt';
  readonly where: string;
  readonly #reader: HttpReader;
  readonly timed: readonly TimedRead[];

  constructor(url: string, options: HttpReaderOptions = {}) {
    this.#reader = new HttpReader(url, options);
    this.where = this.#reader.base;
    const path = '/.well-known/scitt-keys';
    this.timed = [{ name: `GET ${path}`, read: () => this.#reader.bytes(path) }];
  }

  async keys(): Promise<Seen<readonly ServiceKey[]>> {
    return readKeySet(await this.#reader.bytes('/.well-known/scitt-keys'));
  }

  async checkpoint(): Promise<Seen<string>> {
    return NO_TREE;
  }

  async tile(): Promise<Seen<Uint8Array>> {
    return NO_TREE;
  }

  async leaves(): Promise<Seen<ReadLeaves>> {
    return NO_TREE;
  }

  close(): void {}
}

const NO_TREE = unseen('not-asked', 'SCRAPI shows receipts by locator, and no tree');

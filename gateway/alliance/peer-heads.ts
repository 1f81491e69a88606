import { fromUtf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { evaluatePolicy, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { nativeVerify } from '../admit/native-verify.ts';
import type { Peer, PeerDirectory } from '../peers/directory.ts';
import type { PeerClient } from '../peers/peer-client.ts';

export interface ChainHead {
  /** Newest and oldest block the peer has. */
  height: number;
  earliestHeight: number;
}

/** What a member that has no ledger asks the others before it trusts any of them. */
export class PeerHeads {
  readonly #client: PeerClient;
  readonly #directory: PeerDirectory;

  constructor({ client, directory }: { client: PeerClient; directory: PeerDirectory }) {
    this.#client = client;
    this.#directory = directory;
  }

  async heads(): Promise<{ peer: Peer; head: ChainHead }[]> {
    const all = await Promise.all(
      this.#directory.peers().map(async (peer) => {
        const status = await this.#rpc(peer, 'status', {});
        const { sync_info: sync } = (status ?? {}) as { sync_info?: Record<string, unknown> };
        const height = Number(sync?.['latest_block_height'] ?? 0);
        const earliestHeight = Number(sync?.['earliest_block_height'] ?? 0);
        return Number.isSafeInteger(height) && height > 0
          ? [{ peer, head: { height, earliestHeight } }]
          : [];
      }),
    );
    return all.flat();
  }

  /** Header hash at a height, as at least `needed` members tell it; null where too few agree. */
  async agreedHash(height: number, needed: number): Promise<string | null> {
    const votes = new Map<string, number>();
    await Promise.all(
      this.#directory.peers().map(async (peer) => {
        const answer = await this.#rpc(peer, 'commit', { height: String(height) });
        const { signed_header: signed } = (answer ?? {}) as {
          signed_header?: { commit?: { block_id?: { hash?: string } } };
        };
        const hash = signed?.commit?.block_id?.hash;
        if (hash) votes.set(hash, (votes.get(hash) ?? 0) + 1);
      }),
    );
    const best = [...votes].sort((a, b) => b[1] - a[1])[0];
    return best && best[1] >= needed ? best[0] : null;
  }

  /** The largest checkpoint that satisfies the policy; a log that ends before it is not this one. */
  async cosigned(policy: Policy): Promise<{ size: number; root: Uint8Array } | null> {
    const found = await Promise.all(
      this.#directory.peers().map(async (peer) => {
        const answer = await this.#client.request(peer, { method: 'GET', path: '/log/checkpoint' });
        const note = answer.ok && answer.status === 200 ? fromUtf8(answer.body) : null;
        const verdict = note === null ? null : evaluatePolicy(policy, note, nativeVerify);
        return verdict?.ok && verdict.value.satisfied ? [verdict.value.checkpoint] : [];
      }),
    );
    return found
      .flat()
      .reduce<{ size: number; root: Uint8Array } | null>(
        (best, next) => (!best || next.size > best.size ? next : best),
        null,
      );
  }

  async #rpc(peer: Peer, method: string, params: object): Promise<unknown> {
    const body = new TextEncoder().encode(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    );
    const answer = await this.#client.request(peer, {
      method: 'POST',
      path: '/rpc',
      body,
      contentType: 'application/json',
    });
    if (!answer.ok || answer.status !== 200) return null;
    try {
      const { result } = JSON.parse(fromUtf8(answer.body) ?? '') as { result?: unknown };
      return result ?? null;
    } catch {
      return null;
    }
  }
}

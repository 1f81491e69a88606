import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64 } from '@truegrain/device-sdk/formats/bytes.js';
import { formatCheckpointBody, signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import { noteKey } from '@truegrain/device-sdk/formats/note.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { nativeVerify } from '../../gateway/admit/native-verify.ts';
import type { Anchored } from '../../gateway/anchor/anchor.ts';
import { type Anchorage, openAnchor } from '../../gateway/anchor/open-anchor.ts';
import type { PeerTrouble } from '../../gateway/anchor/peer-asks.ts';
import type { HttpAnswer, WitnessPeer } from '../../gateway/anchor/witness-client.ts';
import type { OwnView, Signatory } from '../../gateway/peers/equivocation.ts';
import { Witness, type WitnessOptions } from '../../gateway/peers/witness.ts';
import { openScratch } from '../../gateway/store/scratch.ts';
import { sampleSigner, T0_MS } from './sample-members.ts';
import { TestTree } from './test-tree.ts';

export const ORIGIN = `ledger.example/rice/${'5a'.repeat(32)}`;

export interface Keys {
  name: string;
  cosignerName: string;
  log: Signer;
  cosigner: Signer;
}

export function keysOf(name: string): Keys {
  return {
    name,
    cosignerName: `${name}.example/witness`,
    log: sampleSigner(`${name} log`),
    cosigner: sampleSigner(`${name} cosigner`),
  };
}

export function rawKey({ key }: Signer): Uint8Array {
  if (key.kty !== 'OKP') throw new Error('not Ed25519');
  return key.x;
}

export const logKeyOf = ({ log }: Keys) => noteKey(ORIGIN, 1, rawKey(log));
export const cosigningKeyOf = ({ cosignerName, cosigner }: Keys) =>
  noteKey(cosignerName, 4, rawKey(cosigner));

export function policyOfKeys(all: readonly Keys[], quorum: number): Policy {
  const witnesses = all.map((keys) => ({
    name: keys.cosignerName,
    key: cosigningKeyOf(keys),
    url: null,
  }));
  return {
    logs: all.map((keys) => ({ key: logKeyOf(keys), url: null })),
    witnesses,
    groups: [{ name: 'all', threshold: quorum, members: witnesses.map(({ name }) => name) }],
    quorum: 'all',
  };
}

export function signatoriesOfKeys(all: readonly Keys[]): Signatory[] {
  return all.map((keys) => ({
    member: keys.name,
    keys: [logKeyOf(keys), cosigningKeyOf(keys)].map((key) => ({ key, untilSize: null })),
  }));
}

type Tree = { size: number; root: Uint8Array };

/** A checkpoint by anybody about anything: `log` signs it, each of `by` cosigns it. */
export function signNote(tree: Tree, log: Keys, by: readonly Keys[] = []): string {
  const checkpoint = { origin: ORIGIN, ...tree };
  const body = formatCheckpointBody(checkpoint);
  const lines = by.map(({ cosignerName: name, cosigner: signer }) =>
    cosign(body, { name, signer, timeSeconds: Math.floor(T0_MS / 1000) }),
  );
  return signCheckpoint({ checkpoint, signer: log.log }) + lines.join('');
}

/** The body of add-checkpoint. */
export function ask(old: number, proof: readonly Uint8Array[], note: string): string {
  return `${[`old ${old}`, ...proof.map(toBase64)].join('\n')}\n\n${note}`;
}

/** One member with real keys, files and classes; only HTTP and the ledger are left out. */
export class CosignerRig {
  readonly keys: Keys;
  readonly tree: TestTree;
  readonly anchorage: Anchorage;
  readonly witness: Witness;
  readonly shown: Anchored[] = [];
  readonly troubles: PeerTrouble[] = [];
  readonly contradictions: string[] = [];
  readonly #alliance: AllianceRig;

  constructor(
    alliance: AllianceRig,
    keys: Keys,
    options: {
      tree?: TestTree;
      file?: string;
      answersNeeded?: number;
      witness?: Partial<WitnessOptions>;
    } = {},
  ) {
    this.#alliance = alliance;
    this.keys = keys;
    this.tree = options.tree ?? new TestTree();
    const policy = () => alliance.policy;
    this.anchorage = openAnchor({
      db: openScratch(),
      origin: ORIGIN,
      log: keys.log,
      cosigner: { name: keys.cosignerName, signer: keys.cosigner },
      tipFiles: [options.file ?? join(alliance.folder, `${keys.name}-tip`)],
      size: () => this.tree.size(),
      proofs: this.tree,
      policy,
      native: nativeVerify,
      nowMs: () => T0_MS,
      peers: () => alliance.peersOf(this),
      ownKeys: () => signatoriesOfKeys([keys])[0]!.keys,
      answersNeeded: () => options.answersNeeded ?? 0,
      onAnchored: (anchored) => this.shown.push(anchored),
      onPeerTrouble: (trouble) => this.troubles.push(trouble),
      onTrouble: (error) => {
        throw error;
      },
    });
    this.witness = new Witness({
      origin: ORIGIN,
      cosigner: this.anchorage.cosigner,
      log: this.anchorage.log,
      policy,
      native: nativeVerify,
      onCosigned: (tree, signatures, body) => this.anchor.offer(tree, signatures, body),
      onContradiction: (note) => this.contradictions.push(note),
      ...options.witness,
    });
  }

  get anchor() {
    return this.anchorage.anchor;
  }

  /** What this member judges others by. */
  get view(): OwnView {
    return {
      origin: ORIGIN,
      log: this.anchorage.log,
      signatories: () => signatoriesOfKeys(this.#alliance.keys),
      heldNotes: (size) => this.anchor.held(size),
      native: nativeVerify,
    };
  }

  anchorNow(): void {
    this.anchor.anchor(this.tree.tree());
  }
}

type Post = (body: string, signal: AbortSignal) => Promise<HttpAnswer>;

/** Members that ask one another in process; `answers` replaces what one of them answers. */
export class AllianceRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'truegrain-cosigners-'));
  readonly keys: Keys[];
  readonly members = new Map<string, CosignerRig>();
  readonly answers = new Map<string, (honest: Post) => Post>();
  readonly outside: WitnessPeer[] = [];
  asks = 0;
  policy: Policy;

  constructor(names: readonly string[], quorum: number) {
    this.keys = names.map(keysOf);
    this.policy = policyOfKeys(this.keys, quorum);
  }

  start(options: ConstructorParameters<typeof CosignerRig>[2] = {}): CosignerRig[] {
    return this.keys.map((keys) => this.add(keys, options));
  }

  add(keys: Keys, options: ConstructorParameters<typeof CosignerRig>[2] = {}): CosignerRig {
    const rig = new CosignerRig(this, keys, options);
    this.members.set(keys.name, rig);
    return rig;
  }

  peersOf(self: CosignerRig): WitnessPeer[] {
    const others = [...this.members.values()].filter((rig) => rig.keys !== self.keys);
    const peers = others.map(({ keys, witness }): WitnessPeer => {
      const honest: Post = (body) => witness.addCheckpoint(body);
      return {
        name: keys.name,
        key: cosigningKeyOf(keys),
        addCheckpoint: async (body, signal) => {
          this.asks += 1;
          await new Promise((resolve) => setImmediate(resolve));
          return (this.answers.get(keys.name)?.(honest) ?? honest)(body, signal);
        },
      };
    });
    return [...peers, ...this.outside];
  }

  async close(): Promise<void> {
    await Promise.all([...this.members.values()].map(({ anchor }) => anchor.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// How a test starts a member that misbehaves: the same command, another program.
import { fileURLToPath } from 'node:url';
import type { StartWishes } from '../../support/alliance-member.ts';

export interface Death {
  at: 'initChain' | 'processProposal' | 'finalizeBlock' | 'beforeCommit' | 'afterCommit';
  who: 'gateway' | 'engine' | 'both';
  /** The how manieth block with transactions since the start. */
  block: number;
}

/** Programs of this folder; each says in its first line what it does. */
export type Adversary =
  | 'cosigns-another'
  | 'dies'
  | 'forges'
  | 'late'
  | 'votes-no'
  | 'withholds'
  | 'wrong-hash';

export function adversary(
  name: Adversary,
  env: Readonly<Record<string, string>> = {},
): StartWishes {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return { node: ['--conditions=source', '--import', 'tsx', file], env };
}

export function dies(death: Death): StartWishes {
  return adversary('dies', { TRUEGRAIN_DIES: JSON.stringify(death) });
}

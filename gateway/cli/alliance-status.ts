import type { Command } from 'commander';
import type { NodeView } from '../http/alliance-backend.ts';
import { proposalLines } from './alliance-answer.ts';
import {
  allianceOf,
  type OwnGatewayOptions,
  ownGateway,
  type ShownAlliance,
  timeWords,
  whoIs,
  withOwnGateway,
} from './own-gateway.ts';
import { answer, type Cli, tableOf } from './terminal.ts';

export function addAllianceStatus(alliance: Command, cli: Cli): void {
  withOwnGateway(alliance.command('status'))
    .description('members, open proposals, what was seen of each member, and the own node')
    .action((options: OwnGatewayOptions) => status(options, cli));
}

async function status(options: OwnGatewayOptions, { terminal }: Cli): Promise<void> {
  const alliance = await allianceOf(ownGateway(options, terminal));
  const node = alliance.own?.node ?? null;
  answer(terminal, options, {
    value: alliance,
    lines: [
      `ledger    ${alliance.origin}`,
      `alliance  ${alliance.faults.words}`,
      `log       ${alliance.size} leaves, log time ${timeWords(alliance.logTimeMs)}, ${alliance.epoch} changes of members, keys or terms`,
      ...(node ? nodeLines(node, alliance) : []),
      '',
      ...memberLines(alliance, node),
      ...section('Left', formerLines(alliance)),
      ...section('Open proposals', openLines(alliance)),
      ...section('Exceptions used', exceptionLines(alliance)),
      ...section('Seen of members', findingLines(node)),
    ],
  });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function nodeLines(node: NodeView, { members }: ShownAlliance): string[] {
  const { inbox, engineDetail } = node;
  const detail = engineDetail === null ? '' : ` (${engineDetail})`;
  const waiting =
    inbox.frames === 0
      ? 'nothing waits for a block'
      : `${inbox.frames} frames wait for a block, ${mebibytes(inbox.bytes)} of ${mebibytes(inbox.bytesMax)} MiB`;
  return [
    `node      height ${node.height}, engine ${node.engine}${detail}, ${node.connected.length} of ${members.length - 1} others connected`,
    `          ${node.signing}`,
    `inbox     ${waiting}`,
    ...(node.unheld === 0 ? [] : [`contents  ${node.unheld} are not here yet`]),
    ...(node.sealed === 0 ? [] : [`contents  ${node.sealed} are not disclosed to this member`]),
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

function memberLines(alliance: ShownAlliance, node: NodeView | null): string[] {
  const conduct = new Map(node?.conduct.map((one) => [one.iss, one]));
  const rows = alliance.members.map(({ iss, name, kind, legalId, sinceLeaf, votes }) => {
    const seen = conduct.get(iss);
    return [
      iss === alliance.self ? `${name} (this)` : name,
      kind,
      legalId.evidence === null ? 'no evidence' : `${legalId.scheme} ${legalId.value}`,
      String(sinceLeaf),
      votes ? votesOf(seen) : 'does not vote',
      seen?.cosignedSize ? String(seen.cosignedSize) : '-',
      iss,
    ];
  });
  return tableOf([
    ['member', 'kind', 'legal id', 'since leaf', 'last vote', 'cosigned', 'uri'],
    ...rows,
  ]);
}

function votesOf(seen: NodeView['conduct'][number] | undefined): string {
  if (!seen || (seen.votedHeight === null && seen.missedBlocks === 0)) return 'none seen yet';
  const at = seen.votedHeight === null ? 'none seen' : `height ${seen.votedHeight}`;
  return seen.missedBlocks === 0 ? at : `${at}, ${seen.missedBlocks} missed since`;
}

function formerLines({ formerMembers }: ShownAlliance): string[] {
  return formerMembers.map(
    ({ name, iss, kind, sinceLeaf, untilLeaf }) =>
      `${name} (${iss}), ${kind}, member for leaves ${sinceLeaf + 1} to ${untilLeaf}`,
  );
}

function openLines(alliance: ShownAlliance): string[] {
  return alliance.proposals.flatMap((open) => [open.id, ...proposalLines(alliance, open)]);
}

function exceptionLines(alliance: ShownAlliance): string[] {
  return alliance.exceptions.map(
    ({ kind, member, leafIndex, proposalId }) =>
      `leaf ${leafIndex}: ${EXCEPTION_WORDS[kind] ?? kind}: ${whoIs(alliance, member)} (proposal ${proposalId})`,
  );
}

const EXCEPTION_WORDS: Record<string, string> = {
  silent: 'a change without the word of a silent member',
  departure: 'left after its notice term, not released by all',
  expulsion: 'expelled by all others',
};

function findingLines(node: NodeView | null): string[] {
  return (node?.findings ?? []).map(({ name, text, lastMs, count }) => {
    const often = count === 1 ? '' : `, ${count} times`;
    return `${name} ${text} (last ${timeWords(lastMs)}${often})`;
  });
}

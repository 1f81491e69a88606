import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { foundMembership, validators } from '@truegrain/device-sdk/formats/membership.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership-policy.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { type Policy, parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { answersNeeded } from '../anchor/signing-floor.ts';
import { StartError } from '../doors.ts';
import type { Founding } from '../founding-file.ts';
import { loadEngineKeys } from '../keys.ts';
import type { StateSync } from '../ledger/cometbft/engine-config.ts';
import { hasVoteState, writeEngineHome } from '../ledger/cometbft/engine-home.ts';
import { genesisStateOf } from '../ledger/cometbft/genesis-state.ts';
import { BlockRow } from '../store/block-row.ts';
import type { Floors } from './floors.ts';
import { joinLedger, mustJoin } from './join.ts';
import type { MemberNode } from './member-node.ts';
import type { Setting } from './setting.ts';

/** What the engine starts with, and from what height on this member may vote. */
export async function writeHome(
  setting: Setting,
  { node, floors }: { node: MemberNode; floors: Floors },
): Promise<void> {
  const { founding, home, keys } = setting;
  const membership = node.membership();
  const needed = answersNeeded(membership.members.size);
  const voteFloor = hasVoteState(home) ? 0 : await floors.voteFloor(needed);
  if (voteFloor === null) throw new StartError('engine', 'ended while it waited for the others');
  writeEngineHome(home, {
    settings: engineSettings(setting),
    genesis: genesisOf(founding),
    consensusKey: keys.node,
    p2pKey: keys.p2p,
    voteFloor,
  });
}

function engineSettings(
  { config, settings, directory }: Pick<Setting, 'config' | 'settings' | 'directory'>,
  stateSync?: StateSync,
) {
  return {
    moniker: config.member.name,
    p2pListen: `${settings.p2pHost}:${settings.p2pPort}`,
    peers: directory.enginePeers(),
    loopback: settings.loopback,
    ...(stateSync && { stateSync }),
  };
}

/** The same on every member: from the founding file alone. */
function genesisOf({ charter, charterStatement, entries, chainId, genesisTimeMs }: Founding) {
  const founded = foundMembership(charter, charterStatement.id);
  return {
    chainId,
    timeMs: genesisTimeMs,
    validators: validators(founded).map(({ key, iss }) => ({
      publicKey: key.x,
      power: 1,
      name: founded.members.get(iss)?.name ?? iss,
    })),
    appHash: rootOf(entries.map(leafHash)),
    appState: genesisStateOf(entries),
  };
}

/** A store without a block, beside members that have many: the ledger comes as a snapshot. */
export async function joinIfNeeded(
  place: Pick<
    Setting,
    | 'config'
    | 'settings'
    | 'options'
    | 'folder'
    | 'founding'
    | 'invitation'
    | 'home'
    | 'binary'
    | 'db'
  > &
    Pick<Setting, 'directory' | 'client'>,
): Promise<void> {
  const { config, settings, options, folder, founding, invitation, home, db } = place;
  const { signal = new AbortController().signal, log } = options;
  const { snapshotEveryBlocks } = settings;
  if (new BlockRow(db).read()) return;
  const { iss } = config.member;
  const isFounder = founding.charter.founders.some((founder) => founder.iss === iss);
  const isLong = await mustJoin({ ...place, log, signal, isFounder, snapshotEveryBlocks });
  if (signal.aborted) throw new StartError('engine', 'ended while it waited for the others');
  if (!isLong) return;
  const keys = loadEngineKeys(folder.keys);
  await joinLedger({
    ...place,
    policy: policyFor({ founding, invitation }),
    log,
    signal,
    onProgress: ({ leaves, size }) => {
      const percent = Math.floor((leaves / size) * 100);
      log.info({ leaves, size }, `joining: ${percent} % of ${size} entries`);
    },
    writeHome: (stateSync, height) =>
      writeEngineHome(home, {
        settings: engineSettings(place, stateSync),
        genesis: genesisOf(founding),
        consensusKey: keys.node,
        p2pKey: keys.p2p,
        // It may have voted before its folder was wiped.
        voteFloor: height + 1,
      }),
  });
  if (signal.aborted) throw new StartError('engine', 'ended while the ledger was coming');
}

/** Whose checkpoints count before the log is there: those of the invitation, else the founders'. */
function policyFor({ founding, invitation }: Pick<Setting, 'founding' | 'invitation'>): Policy {
  const invited = invitation === null ? null : parsePolicy(invitation.policy);
  if (invited?.ok) return invited.value;
  const founded = foundMembership(founding.charter, founding.charterStatement.id);
  return policyOfMembership(founded, `${founding.charter.ledgerName}/${toHex(founding.ledgerId)}`);
}

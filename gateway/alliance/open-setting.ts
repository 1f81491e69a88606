import { existsSync } from 'node:fs';
import type { GatewayConfig } from '../config.ts';
import { dataFolder } from '../data-folder.ts';
import { StartError } from '../doors.ts';
import { readFounding } from '../founding-file.ts';
import type { GatewayOptions } from '../gateway.ts';
import { peerOfCard, readInvitation } from '../invitation-file.ts';
import { loadEngineKeys, promoteKeys } from '../keys.ts';
import { Books } from '../ledger/books.ts';
import { findEngine } from '../ledger/cometbft/engine-binary.ts';
import { engineHome } from '../ledger/cometbft/engine-home.ts';
import { isActiveKey } from '../ledger/state.ts';
import { loadMemberTls } from '../peers/member-tls.ts';
import { PeerClient } from '../peers/peer-client.ts';
import { openDatabase } from '../store/database.ts';
import { lockFolder } from '../store/lock.ts';
import { joinIfNeeded } from './engine-folder.ts';
import { MemberDirectory } from './member-directory.ts';
import type { Setting } from './setting.ts';

/** Opens what one start needs, and joins the ledger where it is to be taken over from others. */
export async function openSetting(
  config: GatewayConfig,
  options: GatewayOptions,
  undo: (() => unknown)[],
): Promise<Setting> {
  const { alliance: settings } = config;
  if (!settings) throw new StartError('no_ledger', 'the configuration has no section "alliance"');
  const folder = dataFolder(config.data);
  const home = engineHome(folder.engine);
  if (!home.ok) throw new StartError('socket_path', home.detail);
  const found = await findEngine(process.env);
  if (!found.ok) throw new StartError('engine', found.detail);
  const lock = lockFolder(folder.lock);
  undo.unshift(() => lock.release());
  const founding = readFounding(folder.founding);
  const invitation = existsSync(folder.invitation) ? readInvitation(folder.invitation) : null;
  const db = openDatabase(folder.ledger);
  undo.unshift(() => db.close());
  const tls = loadMemberTls(folder.tls);
  let books: Books | null = null;
  const self = config.member.iss;
  const { name, kind = 'participant' } = config.member;
  const directory = new MemberDirectory({
    self,
    own: {
      door: { iss: self, name, kind, ca: tls.caDer },
      node: settings.node,
      gateways: settings.gateways,
    },
    membership: () => books?.state.membership ?? null,
    known: invitation?.peers ?? founding.cards.map(peerOfCard),
  });
  const client = new PeerClient({ tls, directory });
  undo.unshift(() => client.close());
  const place = { config, settings, options, folder, founding, invitation, home: home.value, db };
  await joinIfNeeded({ ...place, binary: found.value, directory, client });
  books = new Books(db);
  const { state } = books;
  const isActive = (kid: Uint8Array) => isActiveKey(state, kid);
  promoteKeys(folder.keys, isActive);
  return {
    config,
    settings,
    options,
    nowMs: options.nowMs ?? Date.now,
    folder,
    founding,
    invitation,
    home: home.value,
    binary: found.value,
    db,
    books,
    keys: loadEngineKeys(folder.keys, isActive),
    tls,
    directory,
    client,
  };
}

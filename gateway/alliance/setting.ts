import type { GatewayConfig } from '../config.ts';
import type { DataFolder } from '../data-folder.ts';
import type { Founding } from '../founding-file.ts';
import type { GatewayOptions } from '../gateway.ts';
import type { Invitation } from '../invitation-file.ts';
import type { EngineKeys } from '../keys.ts';
import type { Books } from '../ledger/books.ts';
import type { EngineHome } from '../ledger/cometbft/engine-home.ts';
import type { MemberTls } from '../peers/member-tls.ts';
import type { PeerClient } from '../peers/peer-client.ts';
import type { Db } from '../store/database.ts';
import type { AllianceConfig } from './alliance-config.ts';
import type { MemberDirectory } from './member-directory.ts';

/** Everything of one start, in the order of need. */
export interface Setting {
  config: GatewayConfig;
  settings: AllianceConfig;
  options: GatewayOptions;
  nowMs: () => number;
  folder: DataFolder;
  founding: Founding;
  /** Null for who came with the founding file alone. */
  invitation: Invitation | null;
  home: EngineHome;
  binary: string;
  db: Db;
  books: Books;
  keys: EngineKeys;
  tls: MemberTls;
  directory: MemberDirectory;
  client: PeerClient;
}

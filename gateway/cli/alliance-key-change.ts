import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { MEMBER_KEY_ROLES, type MemberKeyRole } from '@truegrain/device-sdk/formats/governance.js';
import { makeKeyProof } from '@truegrain/device-sdk/formats/key-proof.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { createKeyFile, type IsActive, loadSigner, nextKeyFile, promoteKeys } from '../keys.ts';
import type { ChangeJson, KeyOptions } from './alliance-propose.ts';
import { allianceOf, ownGateway, type ShownAlliance } from './own-gateway.ts';
import { placeOf } from './place.ts';
import { type Cli, CliError, EXIT } from './terminal.ts';

/**
 * The new key is on disk as `<role>.next.pem` before anybody hears of it; the gateway takes it into
 * use when the change holds. A proposal that came to nothing leaves it for the next one.
 */
export async function keyChangeOf(
  text: string,
  options: KeyOptions,
  { terminal }: Cli,
): Promise<ChangeJson> {
  const role = MEMBER_KEY_ROLES.find((one) => one === text);
  if (!role) throw new CliError(EXIT.usage, `${text} is not one of ${MEMBER_KEY_ROLES.join(', ')}`);
  const { folder, config } = placeOf(options, terminal);
  const alliance = await allianceOf(ownGateway(options, terminal));
  if (config?.member.iss !== alliance.self) {
    const wrong = `that gateway is of ${alliance.self}, this folder of ${config?.member.iss ?? 'nobody'}`;
    throw new CliError(EXIT.usage, wrong);
  }
  const { retire: named, add } = options;
  const isReplaced = named === undefined && !add;
  promoteKeys(folder.keys, isActiveIn(alliance));
  const present = join(folder.keys, `${role}.pem`);
  const retire = isReplaced ? toHex(loadSigner(present).kid) : (named ?? null);
  if (!isReplaced && !add) return { kind: 'key', role, retire, add: null, proof: null };
  const signer = nextSigner(folder.keys, role);
  const ledgerId = fromHex(alliance.ledgerId);
  const proof = makeKeyProof(signer, { iss: alliance.self, role, ledgerId, record: null });
  return {
    kind: 'key',
    role,
    retire,
    add: toBase64Url(encodeCoseKey(signer.key)),
    proof: toBase64Url(proof),
  };
}

function isActiveIn({ members, self }: ShownAlliance): IsActive {
  const own = members.find(({ iss }) => iss === self)?.keys ?? [];
  const kids = new Set(own.map(({ kid }) => kid));
  return (kid) => kids.has(toHex(kid));
}

function nextSigner(dir: string, role: MemberKeyRole): Signer {
  const next = nextKeyFile(dir, role);
  return existsSync(next) ? loadSigner(next) : createKeyFile(next);
}

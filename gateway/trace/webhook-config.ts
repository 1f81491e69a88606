// The section `findings` of truegrain.json: who is told what is wrong.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError, type Section } from '../config-section.ts';
import { isPrivateAddress } from '../epcis/subscriptions/webhook.ts';
import { FINDING_KINDS, type FindingKind } from '../http/trace-backend.ts';

export interface FindingWebhook {
  /** Names its position in the log, so it stays the same when the rest is changed. */
  readonly url: string;
  /** Null: all of them. */
  readonly kinds: readonly FindingKind[] | null;
  /** Absolute path of the key that deliveries are signed with; null: unsigned. */
  readonly secretFile: string | null;
}

export function readFindingWebhooks(
  section: Section,
  { folder, privateDests }: { folder: string; privateDests: boolean },
): readonly FindingWebhook[] {
  const webhooks = section.sections('webhooks').map((one) => {
    const url = readUrl(one, privateDests);
    const kinds = one.texts('kinds').map((kind) => readKind(one, kind));
    const secretFile = one.maybe('secretFile', () => resolve(folder, one.text('secretFile')));
    one.close();
    return { url, kinds: kinds.length > 0 ? kinds : null, secretFile: secretFile ?? null };
  });
  section.close();
  const urls = webhooks.map(({ url }) => url);
  const twice = urls.find((url, i) => urls.indexOf(url) < i);
  if (twice !== undefined) section.fail('webhooks', `has ${twice} twice`);
  return webhooks;
}

/** A name is looked up at every delivery; an address can be judged now. */
function readUrl(section: Section, privateDests: boolean): string {
  const url = section.url('url', ['http:', 'https:']);
  const { hostname, username, password } = new URL(url);
  if (username !== '' || password !== '')
    section.fail('url', 'carries no password; see secretFile');
  const address = hostname.replace(/^\[|\]$/g, '');
  if (!privateDests && isIP(address) !== 0 && isPrivateAddress(address)) {
    section.fail('url', 'is an address of a private network; http.privateWebhooks allows it');
  }
  return url;
}

function readKind(section: Section, text: string): FindingKind {
  const kind = FINDING_KINDS.find((one) => one === text);
  return kind ?? section.fail('kinds', `has ${text}, which is none of ${FINDING_KINDS.join(', ')}`);
}

/** What the file holds, less the line's end. */
export function readSecret(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${file}, a secretFile of findings.webhooks, is unreadable`, {
      cause: error,
    });
  }
  if (text === '') throw new ConfigError(`${file}, a secretFile of findings.webhooks, is empty`);
  return text;
}

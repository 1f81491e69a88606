import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arePortsFree } from '../alliance/free-ports.ts';
import { addToken } from '../demo/tokens.ts';
import type { Tokens } from '../gateway-api.ts';
import { type GatewayPlace, initialise, truegrain } from '../programs/gateway-program.ts';
import { PLACES } from './goods.ts';

/** Of each device of the play, known before it is enrolled. */
export interface Urns {
  readonly packing: string;
  readonly shopDock: string;
  readonly trailer: string;
}

const PORTS = [8_480, 9_480, 10_480, 11_480, 12_480] as const;
const FOUNDER = [
  ...['--iss', 'https://mill.invalid', '--name', 'The Mill'],
  ...['--ledger', 'mill.invalid/chilled-rice'],
  ...['--responsible', 'L. Example', '--contact', 'mailto:ledger@mill.invalid'],
  // What is proved, not what was read: a phone that scans the code can check it without a token.
  '--public-entries',
];

/** A ledger, its gateway's settings, a token for each role, and the policy file for the auditor. */
export async function found(
  data: string,
  urns: Urns,
): Promise<{ place: GatewayPlace; tokens: Tokens; captureToken: string; policyFile: string }> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const port = await freePort();
  const place = { data, httpPort: port, mqttPort: port + 1 };
  await initialise(place, FOUNDER);
  setUp(data, { publicUrl: `http://127.0.0.1:${port}`, urns });
  const tokens = {
    operator: await addToken(place, 'operator'),
    auditor: await addToken(place, 'auditor'),
    deviceAdmin: await addToken(place, 'deviceAdmin'),
  };
  const captureToken = await addToken(place, 'capture');
  return { place, tokens, captureToken, policyFile: await writePolicy(data) };
}

/** Links to evidence need an address; the rest says which packs become which events. */
function setUp(data: string, { publicUrl, urns }: { publicUrl: string; urns: Urns }): void {
  const file = join(data, 'truegrain.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as { http: object };
  const events = [
    {
      ...{ name: 'packing', kind: 'aggregation', device: urns.packing },
      readPoint: PLACES.mill.uri,
    },
    {
      ...{ name: 'shop-dock', kind: 'observation', device: urns.shopDock },
      ...{ bizStep: 'receiving', disposition: 'in_progress', readPoint: PLACES.shopDock.uri },
      bizLocation: PLACES.shop.uri,
    },
    { name: 'trailer', kind: 'sensor', device: urns.trailer, everyS: 3_600 },
  ];
  const changed = { ...config, http: { ...config.http, publicUrl }, events };
  writeFileSync(file, `${JSON.stringify(changed, null, 2)}\n`);
}

async function writePolicy(data: string): Promise<string> {
  const { code, lines } = await truegrain(['policy', '--data', data]);
  if (code !== 0) throw new Error(lines.at(-1) ?? 'no policy');
  const file = join(data, 'policy.txt');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

async function freePort(): Promise<number> {
  for (const port of PORTS) if (await arePortsFree(port, 2)) return port;
  throw new Error('no two free ports in a row');
}

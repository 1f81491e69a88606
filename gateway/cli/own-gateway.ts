import type { Command } from 'commander';
import type { GatewayConfig } from '../config.ts';
import type { AllianceView, OwnView } from '../http/alliance-backend.ts';
import { GatewayClient, URL_DEFAULT } from './gateway-client.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import type { Terminal } from './terminal.ts';

export interface OwnGatewayOptions extends PlaceOptions {
  url?: string;
  token?: string;
  json?: boolean;
}

/** For commands of a member to its own running gateway; the folder's configuration says where it is. */
export function withOwnGateway(command: Command): Command {
  return withPlace(command)
    .option('--url <url>', 'the own running gateway (default: as configured)')
    .option('--token <token>', 'operator’s bearer token (else TRUEGRAIN_TOKEN)')
    .option('--json', 'one line of JSON');
}

export function ownGateway(options: OwnGatewayOptions, terminal: Terminal): GatewayClient {
  const { config } = placeOf(options, terminal);
  const url = options.url ?? (config ? urlOf(config) : URL_DEFAULT);
  return new GatewayClient({ url, ...(options.token && { token: options.token }) }, terminal);
}

function urlOf({ http }: GatewayConfig): string {
  const name = ANY_ADDRESS.has(http.host) ? '127.0.0.1' : http.host;
  const host = name.includes(':') ? `[${name}]` : name;
  return `${http.tls ? 'https' : 'http'}://${host}:${http.port}`;
}

const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

export type ShownAlliance = AllianceView & { readonly own?: OwnView };

export async function allianceOf(client: GatewayClient): Promise<ShownAlliance> {
  return (await client.get('/v1/alliance')) as ShownAlliance;
}

/** Name and URI, as a person would ask for them. */
export function whoIs({ members }: AllianceView, iss: string): string {
  const name = members.find((member) => member.iss === iss)?.name;
  return name === undefined ? iss : `${name} (${iss})`;
}

export function timeWords(timeMs: number): string {
  return new Date(timeMs)
    .toISOString()
    .replace(/:\d\d\.\d{3}Z$/, ' UTC')
    .replace('T', ' ');
}

import { toBase64Url, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CoseKey,
  encodeCoseKey,
  parseCoseKeySet,
} from '@truegrain/device-sdk/formats/cose-key.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { verifyReceipt } from '@truegrain/device-sdk/formats/receipt.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { SensorSpec } from './instrument.ts';

/** A token of each role; a role that is missing is not asked for. */
export interface Tokens {
  readonly operator: string;
  readonly auditor: string;
  readonly deviceAdmin: string;
}

export interface EnrolmentAsked {
  readonly device: string;
  readonly reportingIntervalS: number;
  readonly sensors: readonly SensorSpec[];
  readonly subjects?: readonly string[] | null;
  /** No reading can be older. */
  readonly buildDateS?: number;
}

export interface EnrolmentMade {
  readonly token: string;
  readonly ledgerId: string;
  readonly origin: string;
}

export interface Registered {
  readonly kid: string;
  readonly ledgerId: string;
  readonly origin: string;
  readonly mqtt: { readonly url: string | null; readonly password: string } | null;
}

export interface Health {
  readonly ok: boolean;
  readonly size: number;
  readonly anchoredSize: number;
}

/** What GET /v1/alliance says to an operator, as far as it is used here. */
export interface AllianceStatus {
  /** 64 hex digits. */
  readonly ledgerId: string;
  readonly size: number;
  readonly faults: { readonly words: string };
  readonly own: {
    readonly node: {
      readonly height: number;
      readonly engine: 'running' | 'down';
    } | null;
  };
}

export interface ReadingRow {
  readonly timeMs: number | null;
  readonly device: string;
  readonly subject: string;
  /** Resolved (RFC 8428 §4.6): the device URN, a colon and the sensor's name. */
  readonly name: string;
  readonly unit: string | null;
  readonly value: number | string | boolean | null;
  readonly statementId: string;
  readonly leafIndex: number;
  readonly seq: number;
}

export interface Completeness {
  readonly summary: readonly string[];
  readonly streams: readonly {
    readonly kid: string;
    readonly from: number;
    readonly to: number;
    readonly gaps: readonly {
      readonly from: number;
      readonly to: number;
      readonly explained: boolean;
    }[];
  }[];
}

/** An answer other than the one asked for. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(`${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

/** The gateway's public interface, as a stranger's program would use it. */
export class GatewayApi {
  readonly url: string;
  readonly #tokens: Tokens;
  #logKeys: readonly CoseKey[] | null = null;

  constructor(url: string, tokens: Tokens) {
    this.url = url.replace(/\/$/, '');
    this.#tokens = tokens;
  }

  health(): Promise<Health> {
    return this.#json('/healthz', this.#tokens.operator);
  }

  alliance(): Promise<AllianceStatus> {
    return this.#json('/v1/alliance', this.#tokens.operator);
  }

  /** The newest one with its quorum, as a signed note. */
  async checkpoint(): Promise<string> {
    return Buffer.from(await this.#bytes('/log/checkpoint', null)).toString();
  }

  createEnrolment(asked: EnrolmentAsked): Promise<EnrolmentMade> {
    return this.#json('/v1/enrolments', this.#tokens.deviceAdmin, asked);
  }

  /** Both halves of an enrolment, for devices that are made by hand. */
  async enrol(signer: Signer, asked: EnrolmentAsked): Promise<Registered> {
    const { buildDateS = null, ...rest } = asked;
    const { device } = asked;
    const made = await this.createEnrolment(rest);
    const token = sha256(utf8(made.token));
    const ledgerId = Uint8Array.from(Buffer.from(made.ledgerId, 'hex'));
    const proof = makeEnrolmentProof(signer, { device, token, ledgerId });
    return this.#json('/v1/enrol', null, {
      enrolmentToken: made.token,
      device,
      coseKey: toBase64Url(encodeCoseKey(signer.key)),
      proof: toBase64Url(proof),
      buildDateS,
    });
  }

  revoke(device: string, reason: string): Promise<{ leafIndex: number }> {
    const path = `/v1/devices/${encodeURIComponent(device)}/revoke`;
    return this.#json(path, this.#tokens.deviceAdmin, { kid: null, reason });
  }

  async devices(): Promise<readonly { readonly urn: string }[]> {
    const answer = await this.#json<{ devices: { urn: string }[] }>(
      '/v1/devices',
      this.#tokens.auditor,
    );
    return answer.devices;
  }

  completeness(device: string): Promise<Completeness> {
    const path = `/v1/devices/${encodeURIComponent(device)}/completeness`;
    return this.#json(path, this.#tokens.auditor);
  }

  async readings(query: Readonly<Record<string, string>>): Promise<readonly ReadingRow[]> {
    const rows: ReadingRow[] = [];
    let cursor: string | null = null;
    do {
      const search = new URLSearchParams({ ...query, limit: '1000' });
      if (cursor !== null) search.set('cursor', cursor);
      const page: { rows: ReadingRow[]; next: string | null } = await this.#json(
        `/v1/readings?${search}`,
        this.#tokens.auditor,
      );
      rows.push(...page.rows);
      cursor = page.next;
    } while (cursor !== null);
    return rows;
  }

  async page(query: Readonly<Record<string, string>>): Promise<readonly ReadingRow[]> {
    const path = `/v1/readings?${new URLSearchParams(query)}`;
    const { rows } = await this.#json<{ rows: ReadingRow[] }>(path, this.#tokens.auditor);
    return rows;
  }

  /** Anything that an auditor may read. */
  get<T>(path: string): Promise<T> {
    return this.#json(path, this.#tokens.auditor);
  }

  /** Anything that an operator may send. */
  post<T>(path: string, body: unknown): Promise<T> {
    return this.#json(path, this.#tokens.operator, body);
  }

  evidence(id: Uint8Array): Promise<Uint8Array> {
    return this.#bytes(`/v1/statements/${toHex(id)}/evidence`, this.#tokens.auditor);
  }

  /** Null while the statement is not receipted (or not known). */
  async receipt(id: Uint8Array): Promise<Uint8Array | null> {
    const response = await this.#fetch(`/entries/${toHex(id)}`, null);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 200) return bytes;
    if (response.status === 204 || response.status === 404) return null;
    throw new ApiError(response.status, 'unexpected', `GET /entries/${toHex(id)}`);
  }

  /** Whether the receipt holds for this entry under a key the log publishes. */
  async verifies(receipt: Uint8Array, entry: Uint8Array): Promise<boolean> {
    this.#logKeys ??= await this.#keySet();
    return this.#logKeys.some((key) => verifyReceipt({ receipt, entry, key }).ok);
  }

  async #keySet(): Promise<readonly CoseKey[]> {
    const keys = parseCoseKeySet(await this.#bytes('/.well-known/scitt-keys', null));
    return keys.ok ? keys.value : [];
  }

  async #json<T>(path: string, token: string | null, body?: unknown): Promise<T> {
    const response = await this.#fetch(path, token, body);
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as T;
  }

  async #bytes(path: string, token: string | null): Promise<Uint8Array> {
    const response = await this.#fetch(path, token);
    if (!response.ok) throw await problemOf(response);
    return new Uint8Array(await response.arrayBuffer());
  }

  #fetch(path: string, token: string | null, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = {};
    if (token !== null) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const method = body === undefined ? 'GET' : 'POST';
    const sent = body === undefined ? null : JSON.stringify(body);
    return fetch(`${this.url}${path}`, { method, headers, body: sent });
  }
}

export function isOf({ name }: ReadingRow, sensor: string): boolean {
  return name.endsWith(`:${sensor}`);
}

async function problemOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { code = 'unreadable', detail = '' } = JSON.parse(text) as Record<string, string>;
    return new ApiError(response.status, code, detail);
  } catch {
    return new ApiError(response.status, 'unreadable', text.slice(0, 200));
  }
}

// nextPageToken: where a listing goes on, for the one who asked for it, for as long as it says.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Outcome } from '../backend.ts';

export const TOKEN_VALID_MS = 3_600_000;
const MAC_BYTES = 16;
const TOKEN_CHARS_MAX = 2_048;
/** Ended before their time; above it the oldest is forgotten and lives until it expires. */
const ENDED_MAX = 100_000;

interface Payload {
  /** What continues: the path and the parameters of the first page. */
  readonly of: string;
  readonly next: string;
  readonly expiresMs: number;
  /** Tells two tokens for one place apart, so that ending one does not end the other. */
  readonly nonce: string;
}

/**
 * Signed rather than kept: a listing that nobody continues costs nothing. The key lives as long as
 * the process, so a restart ends all tokens, and the client begins again.
 */
export class PageTokens {
  readonly #key = randomBytes(32);
  readonly #ended = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  issue(of: string, next: string): { token: string; expiresMs: number } {
    const expiresMs = this.#nowMs() + TOKEN_VALID_MS;
    const nonce = randomBytes(6).toString('base64url');
    const payload: Payload = { of: digest(this.#key, of), next, expiresMs, nonce };
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return { token: `${text}.${this.#mac(text)}`, expiresMs };
  }

  /** The place that the token names, where `of` is what it was issued for. */
  open(token: string, of: string): Outcome<string> {
    const payload = this.#read(token);
    if (!payload) return refused('The page token is not valid; it may be from before a restart.');
    if (payload.expiresMs <= this.#nowMs()) return refused('The page token has expired.');
    if (this.#ended.has(payload.nonce)) return refused('The page token was invalidated.');
    if (payload.of !== digest(this.#key, of)) {
      return refused('The page token continues another listing, or one with other parameters.');
    }
    return { ok: true, value: payload.next };
  }

  /** False where it is none of ours. */
  end(token: string): boolean {
    const payload = this.#read(token);
    if (!payload) return false;
    for (const [nonce, expiresMs] of this.#ended) {
      if (expiresMs > this.#nowMs() && this.#ended.size < ENDED_MAX) break;
      this.#ended.delete(nonce);
    }
    this.#ended.set(payload.nonce, payload.expiresMs);
    return true;
  }

  #read(token: string): Payload | null {
    const [text = '', mac = '', ...rest] = token.slice(0, TOKEN_CHARS_MAX).split('.');
    const [given, right] = [
      Buffer.from(mac, 'base64url'),
      Buffer.from(this.#mac(text), 'base64url'),
    ];
    if (rest.length > 0 || given.length !== MAC_BYTES || !timingSafeEqual(given, right))
      return null;
    // Written by `issue`: nobody else has the key.
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Payload;
  }

  #mac(text: string): string {
    return mac(this.#key, text).toString('base64url');
  }
}

const mac = (key: Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest().subarray(0, MAC_BYTES);
const digest = (key: Buffer, text: string): string => mac(key, `of ${text}`).toString('base64url');

function refused(detail: string): { ok: false; code: string; detail: string } {
  return { ok: false, code: 'epcis_page_token', detail };
}

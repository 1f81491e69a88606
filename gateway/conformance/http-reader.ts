import { type Seen, seen, unseen } from './seen.ts';

const ANSWER_TIMEOUT_MS = 15_000;
const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** A rate limit is waited for this often, each time as long as the server asks, within reason. */
const RETRIES_MAX = 3;
const RETRY_AFTER_MAX_S = 60;

export interface HttpReaderOptions {
  readonly token?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** GET below one base URL; whatever comes back is a value, and no answer is longer than its limit. */
export class HttpReader {
  readonly base: string;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;

  constructor(base: string, { token, timeoutMs = ANSWER_TIMEOUT_MS }: HttpReaderOptions = {}) {
    this.base = base.replace(/\/+$/, '');
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#timeoutMs = timeoutMs;
  }

  async bytes(path: string): Promise<Seen<Uint8Array>> {
    for (let retry = 0; ; retry += 1) {
      const answer = await this.#once(path);
      if (!('retryAfterS' in answer)) return answer;
      if (retry === RETRIES_MAX) return unseen('unreachable', `${path}: rate limited`);
      await new Promise((resolve) => setTimeout(resolve, answer.retryAfterS * 1_000));
    }
  }

  async text(path: string): Promise<Seen<string>> {
    const got = await this.bytes(path);
    if (!got.seen) return got;
    try {
      return seen(new TextDecoder('utf-8', { fatal: true }).decode(got.value));
    } catch {
      return unseen('malformed', `${path}: not UTF-8 text`);
    }
  }

  async json(path: string): Promise<Seen<unknown>> {
    const got = await this.text(path);
    if (!got.seen) return got;
    try {
      return seen(JSON.parse(got.value) as unknown);
    } catch {
      return unseen('malformed', `${path}: not JSON`);
    }
  }

  async #once(path: string): Promise<Seen<Uint8Array> | { retryAfterS: number }> {
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const response = await fetch(`${this.base}${path}`, { headers: this.#headers, signal });
      if (response.ok) return await bodyOf(path, response);
      await response.body?.cancel();
      if (response.status === 429) return { retryAfterS: retryAfterS(response) };
      return refusalOf(path, response.status);
    } catch (error) {
      return unseen('unreachable', `${path}: ${reasonOf(error)}`);
    }
  }
}

async function bodyOf(path: string, response: Response): Promise<Seen<Uint8Array>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    const bytes = part as Uint8Array;
    length += bytes.length;
    // Leaving the loop cancels the stream.
    if (length > BODY_BYTES_MAX)
      return unseen('malformed', `${path}: above ${BODY_BYTES_MAX} bytes`);
    parts.push(bytes);
  }
  return seen(new Uint8Array(Buffer.concat(parts)));
}

function refusalOf(path: string, status: number): Seen<never> {
  if (status === 401 || status === 403) return unseen('forbidden', `${path} needs a token`);
  if (status === 404 || status === 410) return unseen('absent', `${path} is not there (${status})`);
  return unseen('unreachable', `${path} answered ${status}`);
}

function retryAfterS({ headers }: Response): number {
  const asked = Number(headers.get('retry-after') ?? 1);
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 1), RETRY_AFTER_MAX_S) : 1;
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return 'no answer in time';
  return cause?.code ?? message;
}

/**
 * The two HTTP calls of a device's life, enrolment and rotation, and the public checkpoint.
 *
 * @module gateway-http
 */
import { fromHex } from './formats/bytes.ts';
import { fail, ok, type Result } from './formats/result.ts';

export type HttpCode =
  /** No answer: nothing is known about what the gateway did. */
  | 'unreachable'
  /** The gateway said no; the detail is its own. */
  | 'refused'
  /** The registry already says otherwise: perhaps an earlier attempt got through. */
  | 'conflict'
  | 'bad_answer';

export type JsonObject = Readonly<Record<string, unknown>>;

const TIMEOUT_MS = 30_000;
const ANSWER_CHARS_MAX = 1_048_576;

export interface GatewayRequest {
  readonly baseUrl: string;
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string;
}

export async function callGateway(request: GatewayRequest): Promise<Result<JsonObject, HttpCode>> {
  const read = await readGateway(request);
  if (!read.ok) return read;
  const { status, text } = read.value;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail('bad_answer', `HTTP ${status}, not JSON`);
  }
  if (typeof json !== 'object' || json === null) return fail('bad_answer', 'not a JSON object');
  const answer = json as JsonObject;
  if (status >= 200 && status < 300) return ok(answer);
  const { code, title, detail } = answer;
  const said = [status, code, title, detail].filter((part) => part !== undefined).join(' · ');
  return fail(status === 409 ? 'conflict' : 'refused', said);
}

/**
 * The ledger id at the end of the origin, from the public checkpoint. Whoever answers here chooses
 * which ledger is trusted, so an operator who has the id should pass it instead.
 */
export async function askLedgerId(baseUrl: string): Promise<Result<Uint8Array, HttpCode>> {
  const read = await readGateway({ baseUrl, path: '/log/checkpoint' });
  if (!read.ok) return read;
  const [origin = ''] = read.value.text.split('\n');
  const ledgerId = fromHex(origin.slice(origin.lastIndexOf('/') + 1));
  if (read.value.status !== 200 || ledgerId?.length !== 32) {
    return fail('bad_answer', `no checkpoint at ${baseUrl}/log/checkpoint`);
  }
  return ok(ledgerId);
}

async function readGateway({
  baseUrl,
  path,
  body,
  token,
}: GatewayRequest): Promise<Result<{ status: number; text: string }, HttpCode>> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  try {
    const response = await fetch(new URL(path, baseUrl), {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (text.length > ANSWER_CHARS_MAX) return fail('bad_answer', `${text.length} characters`);
    return ok({ status: response.status, text });
  } catch (error) {
    const { message, cause } = error as Error;
    return fail('unreachable', cause instanceof Error ? `${message}: ${cause.message}` : message);
  }
}

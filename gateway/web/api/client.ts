// The gateway's interface as the page asks it: an answer, or why there is none in a form that words exist for.

export type FailureKind =
  /** No token was given, and this needs one. */
  | 'token-needed'
  /** The token is not valid, or of a role that may not see this. */
  | 'token-refused'
  /** This gateway has no such interface. */
  | 'no-interface'
  /** It has, and knows no such thing. */
  | 'unknown'
  | 'refused'
  | 'too-many'
  | 'unreachable';

export interface Failure {
  readonly kind: FailureKind;
  /** What the gateway said, where it said something. */
  readonly detail: string;
}
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** What the gateway says of a path that it does not have at all (http/failures.ts). */
const NO_PATH = 'There is nothing at this path.';

export interface Asking {
  readonly token: string | null;
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

export async function getJson<T>(path: string, asking: Asking): Promise<Answer<T>> {
  return read(path, { accept: 'application/json', ...asking }, async (response) => {
    return (await response.json()) as T;
  });
}

export async function getBytes(path: string, asking: Asking): Promise<Answer<Uint8Array>> {
  return read(path, asking, async (response) => new Uint8Array(await response.arrayBuffer()));
}

export async function getText(path: string, asking: Asking): Promise<Answer<string>> {
  return read(path, asking, (response) => response.text());
}

async function read<T>(
  path: string,
  asking: Asking,
  take: (response: Response) => Promise<T>,
): Promise<Answer<T>> {
  try {
    const response = await request(path, asking);
    if (response.ok) return { ok: true, value: await take(response) };
    return { ok: false, failure: await failureOf(response, asking.token !== null) };
  } catch (error) {
    return { ok: false, failure: { kind: 'unreachable', detail: (error as Error).message } };
  }
}

export function request(path: string, { token, signal, accept }: Asking): Promise<Response> {
  const headers = new Headers(accept === undefined ? {} : { accept });
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  return fetch(path, { headers, credentials: 'omit', ...(signal && { signal }) });
}

export async function failureOf(response: Response, hadToken: boolean): Promise<Failure> {
  const detail = await detailOf(response);
  switch (response.status) {
    case 401:
      return { kind: hadToken ? 'token-refused' : 'token-needed', detail };
    case 403:
      return { kind: 'token-refused', detail };
    case 404:
      return { kind: detail === NO_PATH ? 'no-interface' : 'unknown', detail };
    case 429:
      return { kind: 'too-many', detail };
    default:
      return { kind: 'refused', detail: detail || `HTTP ${response.status}` };
  }
}

/** `detail` of problem+json (RFC 9457). */
async function detailOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : '';
  return typeof detail === 'string' ? detail : '';
}

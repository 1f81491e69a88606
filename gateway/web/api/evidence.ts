import { type Answer, type Asking, getBytes } from './client.ts';

/**
 * The evidence file of a statement. That of governance is open to anyone; all else where the charter
 * opens the entries, or with a token. Where both are refused, the second one's reason is the better.
 */
export async function evidenceOf(id: string, asking: Asking): Promise<Answer<Uint8Array>> {
  const open = await getBytes(`/v1/governance/${id}/evidence`, asking);
  return open.ok ? open : getBytes(`/v1/statements/${id}/evidence`, asking);
}

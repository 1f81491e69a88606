// What the reader trusts, from elsewhere than this gateway: a policy file, or the ledger id.

export interface Trust {
  /** C2SP tlog-policy text, with the name of the file it was in. */
  readonly policy: { readonly name: string; readonly text: string } | null;
  /** 64 lower-case hexadecimal digits. */
  readonly ledgerId: string | null;
}

export const NO_TRUST: Trust = { policy: null, ledgerId: null };
const STORED_AS = 'truegrain.trust';

/** A browser that keeps nothing, or a stranger's value, is no trust. */
export function storedTrust(storage: Storage): Trust {
  try {
    const kept: unknown = JSON.parse(storage.getItem(STORED_AS) ?? 'null');
    return isTrust(kept) ? kept : NO_TRUST;
  } catch {
    return NO_TRUST;
  }
}

/** Null forgets it. */
export function keepTrust(storage: Storage, trust: Trust | null): void {
  if (trust === null) storage.removeItem(STORED_AS);
  else storage.setItem(STORED_AS, JSON.stringify(trust));
}

function isTrust(value: unknown): value is Trust {
  if (typeof value !== 'object' || value === null) return false;
  if (!('policy' in value) || !('ledgerId' in value)) return false;
  const { policy, ledgerId } = value;
  const isPolicy =
    policy === null ||
    (typeof policy === 'object' &&
      'name' in policy &&
      'text' in policy &&
      typeof policy.name === 'string' &&
      typeof policy.text === 'string');
  return isPolicy && (ledgerId === null || typeof ledgerId === 'string');
}

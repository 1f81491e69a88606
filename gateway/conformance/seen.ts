/** What the checker asked to see: the thing, or why it was not shown. Never a silent gap. */
export type Seen<T> = { readonly seen: true; readonly value: T } | Unseen;

export interface Unseen {
  readonly seen: false;
  readonly why: UnseenWhy;
  /** For a person: what was asked, and what came back. */
  readonly detail: string;
}

export type UnseenWhy =
  /** Asked for, and there is no such thing. */
  | 'absent'
  /** A token is needed, or another one. */
  | 'forbidden'
  | 'unreachable'
  /** Something came that is not what was asked for. */
  | 'malformed'
  /** Nobody asked: the kind of source has no such thing, or the user did not want it asked. */
  | 'not-asked';

export function seen<T>(value: T): Seen<T> {
  return { seen: true, value };
}

export function unseen(why: UnseenWhy, detail: string): Unseen {
  return { seen: false, why, detail };
}

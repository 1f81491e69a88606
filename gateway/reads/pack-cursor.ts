import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@truegrain/device-sdk/formats/bytes.js';

/**
 * The next record of a reading query, in the order (first time of the pack, leaf, record). A pack
 * gets its place once and for ever, so appends move nothing: what is committed later with an earlier
 * time stands before the cursor and is for the next query.
 */
export interface PackCursor {
  firstMs: number;
  leafIndex: number;
  record: number;
}

export function formatCursor({ firstMs, leafIndex, record }: PackCursor): string {
  return toBase64Url(utf8(`1.${firstMs}.${leafIndex}.${record}`));
}

/** Null for what `formatCursor` would not write. */
export function parseCursor(text: string): PackCursor | null {
  const bytes = fromBase64Url(text);
  const plain = bytes === null ? null : fromUtf8(bytes);
  const parts = /^1\.(\d{1,15})\.(\d{1,15})\.(\d{1,5})$/.exec(plain ?? '');
  if (!parts) return null;
  const [firstMs = 0, leafIndex = 0, record = 0] = parts.slice(1).map(Number);
  const cursor = { firstMs, leafIndex, record };
  return formatCursor(cursor) === text ? cursor : null;
}

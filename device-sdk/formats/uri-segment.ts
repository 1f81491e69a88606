// RFC 3986 §3.3: text as one segment of a path, in the one spelling that identifiers here have.

/** @module uri-segment */

/**
 * `'`, `;` and `=` stay as they are, for a path may hold them, and so does the reference
 * implementation of the CBV event hash: two systems must compute one id.
 */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3B', ';')
    .replaceAll('%3D', '=');
}

/** Null where an escape is broken. */
export function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

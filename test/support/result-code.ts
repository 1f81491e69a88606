import type { Result } from '../../device-sdk/formats/result.ts';

/** The code of a refusal; null where there was none. */
export function codeOf(result: Result<unknown, string>): string | null {
  return result.ok ? null : result.code;
}

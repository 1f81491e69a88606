import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { truegrain } from '../programs/gateway-program.ts';

export interface ConformanceSaid {
  readonly verdict: string;
  readonly code: number | null;
  /** The reasons, as the report has them. */
  readonly lines: readonly string[];
}

/** `truegrain conformance`, from outside: an address and a policy file, and nothing else. */
export async function conformanceOf(
  url: string,
  given: { readonly data: string; readonly folder: string; readonly name: string },
): Promise<ConformanceSaid> {
  const { data, folder, name } = given;
  const policy = await truegrain(['policy', '--data', data]);
  if (policy.code !== 0) throw new Error(policy.lines.at(-1) ?? 'no policy');
  const file = join(folder, `${name}-policy.txt`);
  writeFileSync(file, `${policy.lines.join('\n')}\n`);
  const { code, lines } = await truegrain(['conformance', url, '--policy', file, '--json']);
  const report = lines.findLast((line) => line.startsWith('{'));
  if (report === undefined) throw new Error(lines.at(-1) ?? 'no report');
  const { verdict, reasons = [] } = JSON.parse(report) as { verdict: string; reasons?: string[] };
  return { verdict, code, lines: reasons };
}

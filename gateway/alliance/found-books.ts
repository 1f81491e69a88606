import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { nativeVerify } from '../admit/native-verify.ts';
import { StartError } from '../doors.ts';
import type { Setting } from './setting.ts';

/** A founder's own start: the first leaves are in its hands. A crash inside leaves none of them. */
export function foundIfNew({ books, founding }: Pick<Setting, 'books' | 'founding'>): void {
  if (books.state.size > 0) return;
  if (founding.awaiting.length > 0) {
    const text = `these founders have not accepted the charter: ${founding.awaiting.join(', ')}`;
    throw new StartError('no_ledger', text);
  }
  const draft = books.draft(nativeVerify);
  for (const [i, entry] of founding.entries.entries()) {
    const statement = parseStatement(entry);
    const applied = statement.ok ? draft.governance(statement.value) : statement;
    if (!applied.ok) {
      throw new StartError('no_ledger', `leaf ${i} of the founding file: ${applied.detail}`);
    }
  }
  books.commit(draft);
}

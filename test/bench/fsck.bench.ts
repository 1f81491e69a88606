import { toHex } from '../../device-sdk/formats/bytes.ts';
import type { CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { verifySignature } from '../../device-sdk/formats/signature.ts';
import { parseStatement, type Statement } from '../../device-sdk/formats/statement.ts';
import { nativeVerify } from '../../gateway/admit/native-verify.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { fsck } from '../../gateway/log/fsck.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { type Bench, type Row, ratePerSecond, row } from './bench.ts';
import { benchStore } from './stores.ts';

const STATEMENTS = 100_000;
const SAMPLE = 2_000;
const VERIFY_MS = 1_500;

/** What one core verifies of these very signatures with nothing else to do. */
function verifiesPerSecond(data: string): number {
  const db = openDatabase(dataFolder(data).ledger, { readonly: true });
  const signed: { statement: Statement; key: CoseKey }[] = [];
  try {
    const store = new LedgerStore(db);
    const keys = new Map(store.loadState().keys.map(({ kid, key }) => [toHex(kid), key]));
    for (const entry of store.leaves.iterate(0, SAMPLE)) {
      const parsed = parseStatement(entry);
      const key = parsed.ok ? keys.get(toHex(parsed.value.kid)) : undefined;
      if (parsed.ok && key) signed.push({ statement: parsed.value, key });
    }
  } finally {
    db.close();
  }
  return ratePerSecond((i) => {
    const { statement, key } = signed[i % signed.length]!;
    const { alg, toBeSigned: message, signature } = statement;
    if (!verifySignature({ alg, key, message, signature, native: nativeVerify })) {
      throw new Error('a signature of the store is wrong');
    }
  }, VERIFY_MS);
}

async function run(): Promise<Row[]> {
  const data = benchStore(STATEMENTS);
  const before = verifiesPerSecond(data);
  const report = fsck(data);
  if (!report.ok) throw new Error(`fsck: ${JSON.stringify(report.findings[0])}`);
  const limit = (before + verifiesPerSecond(data)) / 2;
  return [row('fsck', report.statementsPerSecond, 'statements/s', limit)];
}

/** The whole check of 10⁵ statements on one thread; the limit is their bare verification. */
export const fsckSpeed: Bench[] = [{ name: 'fsck', run }];

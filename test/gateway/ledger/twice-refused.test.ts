import { afterEach, expect, test } from 'vitest';
import { fsck } from '../../../gateway/log/fsck.ts';
import { reindex } from '../../../gateway/log/reindex.ts';
import { FOLD_TABLES } from '../../../gateway/store/schema.ts';
import { testDevice } from '../../support/four-books.ts';
import { LawBooks } from '../../support/law-books.ts';
import { dump, tamper } from '../../support/lived-in-ledger.ts';
import { sampleRule } from '../../support/sample-rule.ts';

let books: LawBooks;
afterEach(() => books.close());

test('two gateways refuse one frame by a rule, and the chain goes on with both rulings', async () => {
  books = new LawBooks();
  const [acme, bolt] = books.members;
  const device = testDevice('twice');
  const others = [testDevice('one'), testDevice('two')];
  for (const each of [device, ...others]) await books.take(books.registration(acme!, each));
  await books.enact({ kind: 'rule', rule: sampleRule({ effect: 'refuse' }) });
  const frame = books.reading(device, 9);
  // Both had the frame before either batch was in the log.
  const batches = [acme!, bolt!].map((by, i) =>
    books.batch(by, [books.reading(others[i]!, 5), frame]),
  );
  const leaves = [await books.take(batches[0]!), await books.take(batches[1]!)];
  const { folder, books: own } = books.first;
  const rulings = own.store.fold.rulingsFrom(0, 10);
  expect(rulings.map(({ rule, batchLeaf }) => [rule, batchLeaf])).toEqual(
    leaves.map((leaf) => ['cold', leaf + 1]),
  );
  expect(own.store.fold.rulingsOf(rulings[0]!.id)).toEqual(rulings);
  await books.readings(0, device, [5]);

  own.store.db.close();
  const before = dump(folder.ledger);
  for (const table of FOLD_TABLES) tamper(folder.ledger, `DELETE FROM ${table}`);
  reindex(folder.root);
  expect(dump(folder.ledger)).toEqual(before);
  expect(fsck(folder.root).ok).toBe(true);
  books.first.open();
});

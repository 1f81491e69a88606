import { afterEach, beforeEach, expect, test } from 'vitest';
import { testDevice } from '../../support/four-books.ts';
import { LawBooks } from '../../support/law-books.ts';
import { TEMPERATURE } from '../../support/sample-members.ts';
import { sampleRule } from '../../support/sample-rule.ts';

const DAY_MS = 86_400_000;
const IN_DATE =
  'registration.sensors.all(s, registration.sensors[s].calibrated && !registration.sensors[s].overdue)';
const CLOSE =
  'registration.sensors.all(s, registration.sensors[s].verified && registration.sensors[s].uncertainty <= 0.2)';

const device = testDevice('calibrated');
let books: LawBooks;
beforeEach(() => {
  books = new LawBooks();
  device.seq = 0;
  device.prev = null;
});
afterEach(() => books.close());

async function register(dueMs: number): Promise<void> {
  const calibration = { certificate: 'C-1', digest: new Uint8Array(32), dueMs };
  const sensors = [{ ...TEMPERATURE, serial: 'SN-1', calibration }];
  await books.take(books.registration(books.first, device, { sensors }));
}

async function enact(expression: string, id: string): Promise<void> {
  const check = { kind: 'cel', expression, windowS: null } as const;
  await books.enact({ kind: 'rule', rule: sampleRule({ id, check }) });
}

/** Rules that the next statement of the device breaks. */
async function broken(): Promise<string[]> {
  const leaf = await books.readings(0, device, [5]);
  const rulings = books.first.books.store.fold.rulingsFrom(0, 100);
  return rulings.filter(({ batchLeaf }) => batchLeaf > leaf).map(({ rule }) => rule);
}

test('a rule asks for the certificate in the log, of the instrument that is registered', async () => {
  await register(books.timeMs - DAY_MS);
  await enact(IN_DATE, 'in-date');
  await enact(CLOSE, 'close');
  // Nothing in the log says how uncertain it is: what is not verified is not asked for more.
  expect(await broken()).toEqual(['close', 'in-date']);
  await books.calibrate(device.urn);
  expect(await broken()).toEqual([]);
  await books.calibrate(device.urn, { uncertainty: 0.5 });
  expect(await broken()).toEqual(['close']);
  await books.calibrate(device.urn, { signature: 'unanchored' });
  expect(await broken()).toEqual(['close']);
  await books.calibrate(device.urn);
  books.timeMs += 2 * DAY_MS;
  expect(await broken()).toEqual(['in-date']);
});

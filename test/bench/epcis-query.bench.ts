import { seededRandom } from '../../device-sdk/sensors/generator.ts';
import { EventIndex } from '../../gateway/epcis/index/event-index.ts';
import { readQuery } from '../../gateway/epcis/query/event-query.ts';
import type { QueryParameters } from '../../gateway/http/epcis-backend.ts';
import { type Db, openDatabase } from '../../gateway/store/database.ts';
import { type Bench, quantile, type Row, row } from './bench.ts';
import {
  EVENT_EVERY_MS,
  EVENTS_AN_EPC,
  epcOf,
  eventStore,
  readPointOf,
  START_MS,
} from './epcis-events.ts';
import { isLarge } from './large.ts';

const SIZES = [10_000, 100_000];
const SIZES_LARGE = [10_000, 100_000, 1_000_000];
const WARM_UP = 50;
const QUERIES = 1_000;
const PAGE = 30;
/** A page may take this many times what it takes in the smallest repository. */
const GROWTH_MAX = 2;

const at = (ms: number) => new Date(ms).toISOString();

/** Each finds at least one event; `random` draws from the whole repository. */
const KINDS: Readonly<Record<string, (random: () => number, count: number) => QueryParameters>> = {
  epc: (random, count) => ({
    MATCH_anyEPC: [epcOf(Math.floor((random() * count) / EVENTS_AN_EPC))],
  }),
  // Three in a thousand are so warm; the query asks in kelvin, the events say degrees.
  'sensor-value': (random) => ({ EQ_type: ['Temperature'], GE_value_KEL: 273.15 + 30 + random() }),
  'sensor-newest': (random) => ({ GE_value_KEL: 273.15 + 30 + random(), orderBy: 'eventTime' }),
  'step-time': (random, count) => {
    const startMs = START_MS + random() * (count - 2_000) * EVENT_EVERY_MS;
    return {
      EQ_bizStep: ['receiving'],
      GE_eventTime: at(startMs),
      LT_eventTime: at(startMs + 2_000 * EVENT_EVERY_MS),
    };
  },
  'step-place': (random) => ({
    EQ_bizStep: ['shipping'],
    WD_readPoint: [readPointOf(Math.floor(random() * 200)).replace(/\.\d$/, '.0')],
    orderBy: 'eventTime',
  }),
};

interface Target {
  readonly count: number;
  readonly db: Db;
  readonly index: EventIndex;
}

/** p95 in milliseconds, in turns, so that all sizes meet the same machine. */
function measured(targets: readonly Target[], ask: (target: Target, random: () => number) => void) {
  const asked = targets.map((target) => ({ target, random: seededRandom(7), times: [0] }));
  for (let i = 0; i < WARM_UP + QUERIES; i += 1) {
    for (const { target, random, times } of asked) {
      const started = performance.now();
      ask(target, random);
      times[i] = performance.now() - started;
    }
  }
  return asked.map(({ times }) => quantile(times.slice(WARM_UP), 0.95));
}

function rowsOf(kind: string, targets: readonly Target[], times: readonly number[]): Row[] {
  const [first = 0] = times;
  return times.map((time, i) => {
    const name = `epcis-${kind}-p95-1e${Math.log10(targets[i]?.count ?? 1)}`;
    return row(name, time, 'ms', i === 0 ? null : GROWTH_MAX * first);
  });
}

async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  const targets: Target[] = [];
  try {
    for (const count of isLarge() ? SIZES_LARGE : SIZES) {
      const { file, builtPerSecond } = eventStore(count);
      if (builtPerSecond !== null)
        rows.push(row(`epcis-index-1e${Math.log10(count)}`, builtPerSecond, 'events/s'));
      const db = openDatabase(file);
      targets.push({ count, db, index: new EventIndex(db) });
    }
    for (const [kind, parametersOf] of Object.entries(KINDS)) {
      const times = measured(targets, ({ index, count }, random) => {
        const query = readQuery(parametersOf(random, count));
        const page = query.ok ? index.query(query.value, { limit: PAGE, after: null }) : null;
        if (!page?.ok || page.value.rows.length === 0) throw new Error(`${kind} found nothing`);
      });
      rows.push(...rowsOf(kind, targets, times));
    }
    const times = measured(targets, ({ index }) => {
      const page = index.discover('epcs', { limit: PAGE, after: null });
      if (!page.ok || page.value.values.length < PAGE) throw new Error('discovery found too few');
    });
    return [...rows, ...rowsOf('discovery', targets, times)];
  } finally {
    for (const { db } of targets) db.close();
  }
}

/** One page of the index, without HTTP and contents; limit: twice the smallest repository's time. */
export const epcisQuery: Bench[] = [{ name: 'epcis-query', run }];

// Answers of the trace interface for a shipment with everything in it, to be drawn by the page.
import type {
  ChartData,
  ChartPoint,
  Excursion,
  Finding,
  Trace,
  TraceEdge,
  TraceNode,
} from '../../gateway/web/api/trace-answers.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 20, 6);
const at = (hours: number) => START_MS + hours * HOUR_MS;
const dl = (path: string) => `https://id.gs1.org/${path}`;

export const FIELD_LOT = dl('01/09506000134352/10/FIELD-7');
export const MILL_LOT = dl('01/09506000134369/10/MILL-2026-11');
export const PALLET = dl('00/395060001343500010');
export const CONTAINER = dl('8003/09506000134383C17');
const DEVICE = 'urn:dev:ops:32473-reefer-17';

const RULE = {
  rule: 'load-temperature@2',
  title: 'Load between 2 and 8 °C',
  responsible: {
    name: 'Ada Meyer',
    organisation: 'Carrier',
    contact: 'quality@carrier.example',
  },
};
const EXCURSION: Excursion = {
  fromMs: at(40),
  untilMs: at(42.5),
  min: 8.1,
  max: 10.6,
  rules: [RULE],
  leaves: [4],
};
const GAP = { fromMs: at(55), untilMs: at(57), missing: 24 };

function edge(from: string, to: string, more: Partial<TraceEdge>): TraceEdge {
  return {
    from,
    to,
    kind: 'contains',
    fromMs: at(20),
    untilMs: null,
    eventIds: ['ni:///sha-256;aa?ver=CBV2.0'],
    leafIndex: 3,
    class: 'observed',
    recordedBy: 'https://mill.example',
    ...more,
  };
}

const bags: TraceNode[] = Array.from({ length: 5 }, (_, i) => {
  return { item: dl(`01/09506000134376/21/B-000${i + 1}`), isClass: false, depth: 1 };
});

/** Of the pallet: field and mill before it, bags in it, a container around it. */
export function sampleTrace(item = PALLET): Trace {
  const stay = { item, eventId: 'ni:///sha-256;bb?ver=CBV2.0', leafIndex: 4 };
  return {
    item,
    direction: 'both',
    isTruncated: false,
    nodes: [
      { item: FIELD_LOT, isClass: true, depth: -3 },
      { item: MILL_LOT, isClass: true, depth: -2 },
      { item: CONTAINER, isClass: false, depth: -1 },
      { item, isClass: false, depth: 0 },
      ...bags,
    ],
    edges: [
      edge(FIELD_LOT, MILL_LOT, { kind: 'becomes', class: 'declared', fromMs: at(0) }),
      edge(MILL_LOT, item, { kind: 'becomes', fromMs: at(12) }),
      edge(CONTAINER, item, { kind: 'carries', class: 'measured', untilMs: at(70) }),
      ...bags.map((bag) => edge(item, bag.item, { fromMs: at(14), class: 'observed' })),
    ],
    stays: [
      {
        ...stay,
        via: null,
        readPoint: 'geo:44.92,127.16',
        bizLocation: null,
        bizStep: 'https://ref.gs1.org/cbv/BizStep-packing',
        disposition: null,
        fromMs: at(14),
        untilMs: at(22),
        class: 'observed',
      },
      {
        ...stay,
        via: CONTAINER,
        readPoint: 'geo:45.75,126.64',
        bizLocation: null,
        bizStep: 'https://ref.gs1.org/cbv/BizStep-shipping',
        disposition: null,
        fromMs: at(24),
        untilMs: at(68),
        class: 'measured',
      },
      {
        ...stay,
        via: null,
        readPoint: 'geo:39.90,116.40',
        bizLocation: dl('414/9506000134390'),
        bizStep: 'https://ref.gs1.org/cbv/BizStep-receiving',
        disposition: null,
        fromMs: at(70),
        untilMs: null,
        class: 'declared',
      },
    ],
    conditions: [
      {
        item,
        via: CONTAINER,
        device: DEVICE,
        sensor: 'load',
        quantity: 'load temperature',
        unit: 'Cel',
        fromMs: at(24),
        untilMs: at(68),
        count: 528,
        min: 2.4,
        max: 10.6,
        mean: 5.1,
        meanKinetic: 5.3,
        excursions: [EXCURSION],
        gaps: [GAP],
        unreadable: 2,
        isTruncated: false,
        statements: { measured: 52, observed: 0, declared: 0 },
        class: 'measured',
      },
    ],
    findings: sampleFindings(item),
  };
}

export function sampleFindings(subject = PALLET): Finding[] {
  return [
    {
      kind: 'excursion',
      subject,
      device: DEVICE,
      fromMs: EXCURSION.fromMs,
      untilMs: EXCURSION.untilMs,
      text: 'The load was above 8 °C for 2 h 30 min, at most 10.6 °C.',
      leafIndex: 4,
      rule: RULE,
    },
    {
      kind: 'gap',
      subject: null,
      device: DEVICE,
      fromMs: GAP.fromMs,
      untilMs: GAP.untilMs,
      text: 'No statement came for 2 h; numbers 640 to 663 are missing.',
      leafIndex: null,
      rule: null,
    },
  ];
}

/** `total` readings, thinned as the server does: minimum and maximum of each piece are kept. */
export function sampleChart({ points = 800, total = 1_000_000 } = {}): ChartData {
  const [from, until] = [at(14), at(70)];
  const rows = Array.from({ length: points }, (_, i): ChartPoint => {
    const ms = Math.round(from + ((until - from) * i) / (points - 1));
    const isWarm = ms >= EXCURSION.fromMs && ms <= EXCURSION.untilMs;
    const mean = 5 + Math.sin(i / 40) * 1.2 + (isWarm ? 4.2 : 0);
    return [ms, mean - 0.6 - (i % 7) / 20, mean + 0.5 + (i % 5) / 20, mean, total / points];
  });
  return {
    sensor: 'load',
    sensors: ['load', 'humidity'],
    fromMs: from,
    toMs: until,
    unit: 'Cel',
    quantity: 'load temperature',
    points: rows.filter(([ms]) => ms < GAP.fromMs || ms > GAP.untilMs),
    limits: { min: 2, max: 8, rules: [RULE] },
    gaps: [GAP],
    excursions: [EXCURSION],
    total,
  };
}

export function sampleRecord(subject = PALLET) {
  return {
    subject,
    facts: { measured: 528, observed: 14, declared: 3 },
    measuredShare: 528 / 545,
    breaches: [
      {
        statementId: 'ab'.repeat(32),
        leafIndex: 4,
        batchLeaf: 5,
        device: DEVICE,
        subject,
        firstMs: EXCURSION.fromMs,
        lastMs: EXCURSION.untilMs,
        rule: 'load-temperature',
        version: 2,
        title: RULE.title,
        legalBasis: '2013/C 343/01, chapter 9.2',
        responsible: {
          name: 'Ada Meyer',
          organisation: 'Carrier',
          contact: 'quality@carrier.example',
        },
        effect: 'report',
        attestedBy: 'https://carrier.example',
      },
    ],
    annotations: [],
    claims: [
      {
        text: 'Organic rice from Wuchang.',
        speaker: {
          name: 'Li Na',
          organisation: 'Wuchang Farm',
          contact: 'office@farm.example',
        },
        passedOnBy: 'https://mill.example',
        leafIndex: 2,
      },
    ],
    notProved: [
      'That a value is true. A signature says who measured, not that the sensor was right.',
    ],
  };
}

/** Two versions of a rule, an order with an appeal, and members that report differently. */
export function sampleLaw() {
  const responsible = { name: 'Ada Meyer', organisation: 'Carrier', contact: 'q@carrier.example' };
  const rule = {
    id: 'load-temperature',
    version: 1,
    title: RULE.title,
    text: 'The load stays between 2 and 8 °C from loading to delivery.',
    legalBasis: '2013/C 343/01, chapter 9.2',
    profile: 'cold-chain-medicine',
    responsible,
    fromLeaf: null,
    effect: 'report',
    check: {},
    examples: [],
  };
  const enacted = { digest: 'aa'.repeat(32), by: 'https://mill.example', enactedLeaf: 3 };
  const approvedBy = ['https://mill.example', 'https://carrier.example'];
  const amended = { fromLeaf: 4, untilLeaf: 9, pauses: [] };
  return {
    edition: 2,
    rules: [
      { rule, status: 'amended', approvedBy, ...enacted, ...amended },
      {
        rule: { ...rule, version: 2 },
        status: 'in force',
        approvedBy,
        ...enacted,
        fromLeaf: 9,
        untilLeaf: null,
        pauses: [{ fromLeaf: 10, untilLeaf: 11, because: 'order 1' }],
      },
    ],
    profiles: [],
    orders: [
      {
        id: 'bb'.repeat(32),
        leafIndex: 5,
        logTimeMs: at(50),
        by: 'https://authority.example',
        action: 'suspend',
        target: { kind: 'device', id: DEVICE },
        legalBasis: 'Drug law, article 57',
        official: {
          name: 'Wang Min',
          organisation: 'Authority',
          contact: 'desk@authority.example',
        },
        text: 'Not fit to carry before its cooling is repaired.',
        appeals: [
          {
            id: 'cc'.repeat(32),
            by: 'https://carrier.example',
            leafIndex: 6,
            text: 'The cooling was repaired on the day.',
            document: null,
          },
        ],
        liftedBy: 'dd'.repeat(32),
      },
    ],
    filings: [],
    examinations: [
      {
        by: 'https://mill.example',
        leafIndex: 7,
        logTimeMs: at(60),
        size: 7,
        seen: {},
        own: {},
      },
    ],
    differences: [
      {
        size: 7,
        field: 'root',
        values: [
          { member: 'https://mill.example', value: 'aa' },
          { member: 'https://shop.example', value: 'ab' },
        ],
      },
    ],
    overdueExaminations: [{ member: 'https://shop.example', lastMs: null, examinationDays: 30 }],
  };
}

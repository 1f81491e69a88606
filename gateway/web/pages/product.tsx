// One thing: where it was, what was measured of it, what is only said of it and by whom, what is missing.
import type { SubjectRecord } from '../../http/law-backend.ts';
import { getHandovers } from '../api/handovers.ts';
import { getRecords } from '../api/records.ts';
import type { Trace, TraceCondition } from '../api/trace-answers.ts';
import { csvOf } from '../csv.ts';
import { isoTime, numberWords, quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { useAsked, useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { Chart } from '../parts/chart.tsx';
import { ConditionCharts } from '../parts/condition-charts.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { type Export, ExportBar, jsonExport } from '../parts/export-bar.tsx';
import { FindingList } from '../parts/findings.tsx';
import { HandoverList } from '../parts/handovers.tsx';
import { InShort } from '../parts/in-short.tsx';
import { DeviceLink, ItemLink, Time } from '../parts/links.tsx';
import { PackCode } from '../parts/pack-code.tsx';
import { RouteStrip } from '../parts/route-strip.tsx';
import { Section } from '../parts/section.tsx';
import { Claims, SubjectFacts } from '../parts/subject-facts.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { TraceGraph } from '../parts/trace-graph.tsx';
import { Statements } from '../parts/worth.tsx';
import { containersOf, relatedItems } from '../trace/related-items.ts';

export function ProductPage({ item }: { item: string | null }) {
  const { say } = usePage();
  if (item === null) {
    return (
      <>
        <h1>{say('product.title')}</h1>
        <p class="lead">{say('product.which')}</p>
      </>
    );
  }
  return <Product key={item} item={item} />;
}

function Product({ item }: { item: string }) {
  const { say } = usePage();
  const name = encodeURIComponent(item);
  const [trace] = useJson<Trace>(`/v1/trace?epc=${name}&direction=both`);
  const way = trace?.ok ? trace.value : null;
  const related = trace === null ? null : way === null ? [item] : relatedItems(way);
  const [records] = useAsked(related?.join(' ') ?? null, (asking) =>
    getRecords(related ?? [], asking),
  );
  const handed = way === null ? null : [item, ...containersOf(way)];
  const [handovers] = useAsked(handed?.join(' ') ?? null, (asking) =>
    getHandovers(handed ?? [], asking),
  );
  const record = records?.ok
    ? (records.value.find(({ subject }) => subject === item) ?? null)
    : null;
  const own = way?.conditions.filter((one) => one.item === item) ?? [];
  return (
    <>
      <p class="kicker">{say('product.title')}</p>
      <h1>{itemName(item)}</h1>
      <p class="note break">{item}</p>
      {way !== null && <InShort trace={way} records={records} handovers={handovers} />}
      <Section title={say('product.route')}>
        <Answered of={trace} what="what.trace">
          {(view) => <RouteStrip trace={view} />}
        </Answered>
      </Section>
      {way !== null && <Conditions conditions={way.conditions} item={item} />}
      <Section title={say('product.chart')}>
        {own.length > 0 && <ConditionCharts of={own} />}
        {trace !== null && own.length === 0 && (
          <Chart of={{ subject: item }} title={itemName(item)} />
        )}
      </Section>
      {way !== null && (
        <>
          <Section title={say('handovers.title')} note={say('handovers.note')}>
            <Answered of={handovers} what="what.handovers">
              {(view) => <HandoverList of={view} />}
            </Answered>
          </Section>
          <Section title={say('product.graph')} note={say('product.graph.note')}>
            <TraceGraph trace={way} />
          </Section>
          <Section title={say('product.timeline')}>
            <Timeline trace={way} />
          </Section>
          <Section title={say('findings.title')}>
            <FindingList of={way.findings} />
          </Section>
        </>
      )}
      <Answered of={records} what="what.subject">
        {(view) => (
          <>
            {record === null ? (
              <p class="note">{say('product.not-told')}</p>
            ) : (
              <SubjectFacts of={record} />
            )}
            <Claims of={view} item={item} />
          </>
        )}
      </Answered>
      <PackCode item={item} />
      <ExportBar exports={exportsOf(item, way, record)} />
    </>
  );
}

function Conditions({ conditions, item }: { conditions: readonly TraceCondition[]; item: string }) {
  const { say, tag } = usePage();
  return (
    <Section title={say('product.conditions')} note={say('product.conditions.note')}>
      <DataTable
        caption={say('product.conditions')}
        empty={say('product.conditions.none')}
        head={[
          say('column.quantity'),
          say('column.of'),
          say('column.time'),
          say('column.range-seen'),
          say('column.mean'),
          say('column.excursions'),
          say('column.gaps'),
          say('column.readings'),
        ]}
        rows={conditions.map((of) => [
          <>
            {of.quantity ?? of.sensor} <Statements of={of.statements} />
            <div class="note">
              <DeviceLink urn={of.device} />
            </div>
          </>,
          of.via === item ? say('product.itself') : <ItemLink key="v" item={of.via} />,
          <>
            <Time ms={of.fromMs} />
            <br />
            <Time ms={of.untilMs} />
          </>,
          <span key="r" class="together">
            {quantityWords(of.min, of.unit, tag)} – {quantityWords(of.max, of.unit, tag)}
          </span>,
          <>
            {quantityWords(of.mean, of.unit, tag)}
            {of.meanKinetic !== null && (
              <div class="note">
                {say('product.kinetic', { value: quantityWords(of.meanKinetic, of.unit, tag) })}
              </div>
            )}
          </>,
          of.excursions.length === 0 ? (
            '0'
          ) : (
            <strong key="x" class="alarm">
              {of.excursions.length}
            </strong>
          ),
          String(of.gaps.length),
          <>
            {numberWords(of.count, tag)}
            {of.unreadable > 0 && (
              <div class="alarm">{say('product.unreadable', { count: of.unreadable })}</div>
            )}
          </>,
        ])}
      />
    </Section>
  );
}

function exportsOf(item: string, trace: Trace | null, record: SubjectRecord | null): Export[] {
  const name = itemName(item);
  const readings = `/v1/readings?subject=${encodeURIComponent(item)}`;
  return [
    jsonExport(name, { item, trace, record }),
    ...(trace === null ? [] : [traceCsv(name, trace)]),
    {
      name: 'export.readings',
      file: `${name}-readings.csv`,
      type: 'text/csv',
      content: { path: readings },
    },
    {
      name: 'export.parquet',
      file: `${name}-readings.parquet`,
      type: 'application/vnd.apache.parquet',
      content: { path: readings },
    },
  ];
}

function traceCsv(name: string, trace: Trace): Export {
  const head = ['from', 'relation', 'to', 'since', 'until', 'class', 'recordedBy', 'leafIndex'];
  const rows = trace.edges.map((edge) => [
    edge.from,
    edge.kind,
    edge.to,
    isoTime(edge.fromMs),
    edge.untilMs === null ? null : isoTime(edge.untilMs),
    edge.class,
    edge.recordedBy,
    edge.leafIndex,
  ]);
  const content = () => csvOf(head, rows);
  return { name: 'export.trace', file: `${name}-trace.csv`, type: 'text/csv', content };
}

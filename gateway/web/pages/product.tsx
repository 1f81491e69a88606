// One thing: where it was, what was measured of it, what is only said of it and by whom, what is missing.
import type { SubjectRecord } from '../../http/law-backend.ts';
import type { Trace, TraceCondition } from '../api/trace-answers.ts';
import { csvOf } from '../csv.ts';
import { isoTime, numberWords, quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { Chart } from '../parts/chart.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { type Export, ExportBar, jsonExport } from '../parts/export-bar.tsx';
import { FindingList } from '../parts/findings.tsx';
import { DeviceLink, ItemLink, Time } from '../parts/links.tsx';
import { RouteStrip } from '../parts/route-strip.tsx';
import { Section } from '../parts/section.tsx';
import { SubjectFacts } from '../parts/subject-facts.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { TraceGraph } from '../parts/trace-graph.tsx';
import { Worth } from '../parts/worth.tsx';

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
  const [record] = useJson<SubjectRecord>(`/v1/subjects/${name}`);
  return (
    <>
      <p class="kicker">{say('product.title')}</p>
      <h1>{itemName(item)}</h1>
      <p class="note break">{item}</p>
      <Section title={say('product.route')}>
        <Answered of={trace} what="what.trace">
          {(view) => <RouteStrip trace={view} />}
        </Answered>
      </Section>
      {trace?.ok && <Conditions conditions={trace.value.conditions} item={item} />}
      <Section title={say('product.chart')}>
        <Chart of={{ subject: item }} title={itemName(item)} />
      </Section>
      {trace?.ok && (
        <>
          <Section title={say('product.graph')} note={say('product.graph.note')}>
            <TraceGraph trace={trace.value} />
          </Section>
          <Section title={say('product.timeline')}>
            <Timeline trace={trace.value} />
          </Section>
          <Section title={say('findings.title')}>
            <FindingList of={trace.value.findings} />
          </Section>
        </>
      )}
      <Answered of={record} what="what.subject">
        {(view) => <SubjectFacts of={view} />}
      </Answered>
      <ExportBar
        exports={exportsOf(item, trace?.ok ? trace.value : null, record?.ok ? record.value : null)}
      />
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
            {of.quantity ?? of.sensor} <Worth of={of.class} />
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
  const readings = `/v1/readings?format=csv&subject=${encodeURIComponent(item)}`;
  return [
    jsonExport(name, { item, trace, record }),
    ...(trace === null ? [] : [traceCsv(name, trace)]),
    {
      name: 'export.readings',
      file: `${name}-readings.csv`,
      type: 'text/csv',
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

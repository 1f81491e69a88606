// For whoever scans the code on a pack: what was measured, what is only said and by whom, checked on the phone.
import type { SubjectRecord } from '../../http/law-backend.ts';
import { getRecords } from '../api/records.ts';
import type { Trace } from '../api/trace-answers.ts';
import type { ConsumerAddress } from '../consumer-address.ts';
import { numberWords, quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { type Asked, useAsked, useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { Time } from '../parts/links.tsx';
import { Section } from '../parts/section.tsx';
import { Claims } from '../parts/subject-facts.tsx';
import { Worth } from '../parts/worth.tsx';
import { hashOf } from '../route.ts';
import { relatedItems } from '../trace/related-items.ts';
import { routeStops } from '../trace/route-stops.ts';
import type { LeafCheck } from '../verify/check-leaves.ts';

const LEAVES_CHECKED_MAX = 8;

export function ConsumerPage({ address }: { address: ConsumerAddress }) {
  const { say } = usePage();
  const { item } = address;
  const [trace] = useJson<Trace>(`/v1/trace?epc=${encodeURIComponent(item)}&direction=up`);
  const way = trace?.ok ? trace.value : null;
  const related = trace === null ? null : way === null ? [item] : relatedItems(way);
  const [records] = useAsked(related?.join(' ') ?? null, (asking) =>
    getRecords(related ?? [], asking),
  );
  return (
    <>
      <p class="kicker">{say('consumer.title')}</p>
      <h1>{itemName(item)}</h1>
      <Answered of={records} what="what.subject">
        {(view) => <Facts of={view.find(({ subject }) => subject === item) ?? null} trace={way} />}
      </Answered>
      <Checks address={address} leaves={leavesOf(trace, records)} />
      {way !== null && <Way trace={way} />}
      {records?.ok && <Claims of={records.value} item={item} />}
      <p>
        <a href={`${import.meta.env.BASE_URL}${hashOf({ page: 'product', item })}`}>
          {say('consumer.auditor')}
        </a>
      </p>
    </>
  );
}

function Facts({ of, trace }: { of: SubjectRecord | null; trace: Trace | null }) {
  const { say, tag } = usePage();
  const { measured, observed, declared } = factsOf(of, trace);
  const broken = brokenTitles(of, trace);
  return (
    <Section title={say('facts.title')}>
      <p class="lead">
        {measured === 0
          ? say('consumer.none-measured')
          : say('consumer.measured', { count: numberWords(measured, tag) })}
      </p>
      <p>
        {say('consumer.other', {
          observed: numberWords(observed, tag),
          declared: numberWords(declared, tag),
        })}
      </p>
      <ul>
        {ownConditions(trace).map((condition) => (
          <li key={`${condition.device} ${condition.sensor} ${condition.fromMs}`}>
            {say('consumer.range', {
              quantity: condition.quantity ?? condition.sensor,
              min: quantityWords(condition.min, condition.unit, tag),
              max: quantityWords(condition.max, condition.unit, tag),
              count: numberWords(condition.count, tag),
            })}
          </li>
        ))}
      </ul>
      <p class={broken.length > 0 ? 'alarm' : 'good'}>
        {broken.length > 0
          ? say('consumer.broken', { count: broken.length })
          : say('consumer.kept')}
      </p>
      <ul>
        {broken.map((title) => (
          <li key={title}>{title}</li>
        ))}
      </ul>
    </Section>
  );
}

function ownConditions(trace: Trace | null) {
  return (trace?.conditions ?? []).filter(({ item }) => item === trace?.item);
}

/** Statements about the thing, of its conditions, and of the places where it was seen. */
function factsOf(record: SubjectRecord | null, trace: Trace | null): SubjectRecord['facts'] {
  const facts = { measured: 0, observed: 0, declared: 0, ...record?.facts };
  for (const { via, statements } of ownConditions(trace)) {
    if (via === trace?.item) continue;
    for (const worth of ['measured', 'observed', 'declared'] as const) {
      facts[worth] += statements[worth];
    }
  }
  for (const { item, class: worth } of trace?.stays ?? []) {
    if (item === trace?.item) facts[worth] += 1;
  }
  return facts;
}

/** Each of them once. */
function brokenTitles(record: SubjectRecord | null, trace: Trace | null): string[] {
  const onItsWay = ownConditions(trace).flatMap(({ excursions }) =>
    excursions.flatMap(({ rules }) => rules.map(({ title }) => title)),
  );
  return [...new Set([...(record?.breaches ?? []).map(({ title }) => title), ...onItsWay])];
}

/** What the page rests on, newest last; null while it is not known. */
function leavesOf(
  trace: Asked<Trace>,
  records: Asked<readonly SubjectRecord[]>,
): readonly number[] | null {
  if (trace === null || records === null) return null;
  const moved = trace.ok ? [...trace.value.stays, ...trace.value.edges] : [];
  const said = (records.ok ? records.value : []).flatMap((of) => [...of.breaches, ...of.claims]);
  const leaves = [...moved, ...said].flatMap(({ leafIndex }) =>
    leafIndex === null ? [] : [leafIndex],
  );
  const measured = trace.ok ? trace.value.conditions : [];
  const broken = measured.flatMap(({ excursions }) => excursions.flatMap((one) => one.leaves));
  // What a rule was broken by comes first: nobody would leave it to chance.
  const chosen = [...new Set([...broken.slice(0, LEAVES_CHECKED_MAX / 2), ...leaves.reverse()])];
  return chosen.slice(0, LEAVES_CHECKED_MAX).sort((a, b) => a - b);
}

function Checks({
  address,
  leaves,
}: {
  address: ConsumerAddress;
  leaves: readonly number[] | null;
}) {
  const { say } = usePage();
  const { ledgerId } = address;
  const key = leaves === null ? null : `${ledgerId ?? ''} ${leaves.join(' ')}`;
  const [asked] = useAsked(key, async (asking) => {
    const { checkLeaves } = await import('../verify/check-leaves.ts');
    return checkLeaves(leaves ?? [], { ...asking, ledgerId });
  });
  const isClosed = asked !== null && !asked.ok && asked.failure.kind === 'token-needed';
  return (
    <Section title={say('consumer.verify')} note={say('consumer.verify.note')}>
      {isClosed ? (
        <p class="notice">{say('consumer.verify.none')}</p>
      ) : (
        <Answered of={asked} what="what.evidence">
          {(checks) => <CheckList checks={checks} ledgerId={ledgerId} />}
        </Answered>
      )}
    </Section>
  );
}

function CheckList({
  checks,
  ledgerId,
}: {
  checks: readonly LeafCheck[];
  ledgerId: string | null;
}) {
  const { say } = usePage();
  if (checks.length === 0) return <p class="empty">{say('consumer.verify.nothing')}</p>;
  const isWrong = checks.some(({ verdict }) => verdict === 'failed');
  const outcome = isWrong ? 'failed' : ledgerId === null ? 'self-consistent' : 'verified';
  return (
    <div class={`verdict verdict-${outcome}`} data-verdict={outcome} role="status">
      <div>
        <p class="verdict-headline">{say(`consumer.outcome.${outcome}`)}</p>
        <ul class="sentences">
          {checks.map(({ leafIndex, verdict, issuer, size }) => (
            <li key={leafIndex}>
              <span aria-hidden="true">{verdict === 'failed' ? '✕' : '✓'}</span>{' '}
              {say(verdict === 'failed' ? 'consumer.proof.failed' : 'consumer.proof', {
                leafIndex,
                size,
                issuer,
              })}
            </li>
          ))}
        </ul>
        {ledgerId === null && <p>{say('consumer.verify.no-code')}</p>}
        {ledgerId !== null && !isWrong && <p>{say('consumer.verify.code', { ledgerId })}</p>}
      </div>
    </div>
  );
}

function Way({ trace }: { trace: Trace }) {
  const { say } = usePage();
  const stops = routeStops(trace);
  if (stops.length === 0) return null;
  return (
    <Section title={say('consumer.way')}>
      <ol class="timeline">
        {stops.map(({ place, fromMs, excursions, class: worth }) => (
          <li
            key={`${place} ${fromMs}`}
            class={`happening ${excursions > 0 ? 'happening-excursion' : 'happening-stay'}`}
          >
            <Time ms={fromMs} />
            <div>
              <p>
                {place === null ? say('route.under-way') : itemName(place)} <Worth of={worth} />
              </p>
              {excursions > 0 && (
                <p class="alarm">{say('route.excursions', { count: excursions })}</p>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}

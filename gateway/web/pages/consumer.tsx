// For whoever scans the code on a pack: what was measured, what is only said and by whom, checked on the phone.
import type { SubjectRecord } from '../../http/law-backend.ts';
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
import { routeStops } from '../trace/route-stops.ts';
import type { LeafCheck } from '../verify/check-leaves.ts';

const LEAVES_CHECKED_MAX = 8;

export function ConsumerPage({ address }: { address: ConsumerAddress }) {
  const { say } = usePage();
  const { item } = address;
  const name = encodeURIComponent(item);
  const [record] = useJson<SubjectRecord>(`/v1/subjects/${name}`);
  const [trace] = useJson<Trace>(`/v1/trace?epc=${name}&direction=up`);
  const way = trace?.ok ? trace.value : null;
  return (
    <>
      <p class="kicker">{say('consumer.title')}</p>
      <h1>{itemName(item)}</h1>
      <Answered of={record} what="what.subject">
        {(view) => <Facts of={view} trace={way} />}
      </Answered>
      <Checks address={address} leaves={leavesOf(trace, record)} />
      {way !== null && <Way trace={way} />}
      {record?.ok && <Claims of={record.value} />}
      <p>
        <a href={`${import.meta.env.BASE_URL}${hashOf({ page: 'product', item })}`}>
          {say('consumer.auditor')}
        </a>
      </p>
    </>
  );
}

function Facts({ of, trace }: { of: SubjectRecord; trace: Trace | null }) {
  const { say, tag } = usePage();
  const { measured, observed, declared } = of.facts;
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
        {(trace?.conditions ?? []).map((condition) => (
          <li key={`${condition.device} ${condition.sensor} ${condition.fromMs}`}>
            {say('consumer.range', {
              quantity: condition.quantity ?? condition.sensor,
              min: quantityWords(condition.min, condition.unit, tag),
              max: quantityWords(condition.max, condition.unit, tag),
              count: numberWords(condition.count, tag),
            })}{' '}
            <Worth of={condition.class} />
          </li>
        ))}
      </ul>
      <p class={of.breaches.length > 0 ? 'alarm' : 'good'}>
        {of.breaches.length > 0
          ? say('consumer.broken', { count: of.breaches.length })
          : say('consumer.kept')}
      </p>
      <ul>
        {[...new Set(of.breaches.map(({ title }) => title))].map((title) => (
          <li key={title}>{title}</li>
        ))}
      </ul>
    </Section>
  );
}

/** What the page rests on, newest last; null while it is not known. */
function leavesOf(trace: Asked<Trace>, record: Asked<SubjectRecord>): readonly number[] | null {
  if (trace === null || record === null) return null;
  const moved = trace.ok ? [...trace.value.stays, ...trace.value.edges] : [];
  const said = record.ok ? [...record.value.breaches, ...record.value.claims] : [];
  const leaves = [...moved, ...said].flatMap(({ leafIndex }) =>
    leafIndex === null ? [] : [leafIndex],
  );
  return [...new Set(leaves)].sort((a, b) => a - b).slice(-LEAVES_CHECKED_MAX);
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
                {itemName(place)} <Worth of={worth} />
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

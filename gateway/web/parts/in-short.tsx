// The questions that an auditor comes with, each with its answer; the rest of the page is where they come from.
import type { ComponentChildren } from 'preact';
import type { SubjectRecord } from '../../http/law-backend.ts';
import type { HandoverView } from '../api/handovers.ts';
import type { RuleView, Trace, TraceCondition } from '../api/trace-answers.ts';
import { durationWords, lastPart, numberWords, quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { type Asked, usePage } from '../page-state.ts';
import { routeStops } from '../trace/route-stops.ts';
import { DeviceLink, Proofs, Time } from './links.tsx';
import { RuleNames } from './rule-names.tsx';
import { Section } from './section.tsx';

export function InShort({
  trace,
  records,
  handovers,
}: {
  trace: Trace;
  records: Asked<readonly SubjectRecord[]>;
  handovers: Asked<readonly HandoverView[]>;
}) {
  const { say } = usePage();
  const own = trace.conditions.filter(({ item }) => item === trace.item);
  const said = records?.ok ? records.value : [];
  return (
    <Section title={say('short.title')} class="in-short">
      <dl class="answers">
        <Answer to={say('short.where')}>
          <Places trace={trace} />
        </Answer>
        <Answer to={say('short.outside')}>
          <Outside of={own} />
        </Answer>
        <Answer to={say('short.who')}>
          <Sources of={own} />
        </Answer>
        <Answer to={say('short.rule')}>
          <Broken of={own} />
        </Answer>
        <Answer to={say('short.said')}>
          <Said of={said} />
        </Answer>
        <Answer to={say('short.missing')}>
          <Missing of={own} handovers={handovers} />
        </Answer>
      </dl>
    </Section>
  );
}

function Answer({ to, children }: { to: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{to}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Places({ trace }: { trace: Trace }) {
  const { say } = usePage();
  const stops = routeStops(trace);
  if (stops.length === 0) return <>{say('route.empty')}</>;
  return (
    <ol class="places">
      {stops.map(({ place, step, fromMs, via }) => (
        <li key={`${place} ${fromMs}`}>
          <Time ms={fromMs} />{' '}
          <strong>{place === null ? say('route.under-way') : itemName(place)}</strong>
          {step !== null && ` ${lastPart(step)}`}
          {place === null && via !== null && ` ${say('timeline.inside', { via: itemName(via) })}`}
        </li>
      ))}
    </ol>
  );
}

function Outside({ of }: { of: readonly TraceCondition[] }) {
  const { say, tag } = usePage();
  if (of.length === 0) return <>{say('short.outside.unknown')}</>;
  return (
    <>
      {of.map((one) => {
        const { device, sensor, fromMs, unit, excursions, count } = one;
        const quantity = one.quantity ?? sensor;
        const key = `${device} ${sensor} ${fromMs}`;
        const words = (min: number | null, max: number | null) => {
          return {
            quantity,
            min: quantityWords(min, unit, tag),
            max: quantityWords(max, unit, tag),
          };
        };
        if (excursions.length === 0) {
          const filling = { ...words(one.min, one.max), count: numberWords(count, tag) };
          return <p key={key}>{say('short.outside.no', filling)}</p>;
        }
        return excursions.map(({ min, max, untilMs, leaves, ...excursion }) => (
          <div key={`${key} ${excursion.fromMs}`}>
            <p class="alarm">
              {say('short.outside.yes', {
                ...words(min, max),
                duration: durationWords(untilMs - excursion.fromMs, tag),
              })}{' '}
              <Time ms={excursion.fromMs} />
            </p>
            <Proofs of={leaves} />
          </div>
        ));
      })}
    </>
  );
}

function Sources({ of }: { of: readonly TraceCondition[] }) {
  const { say } = usePage();
  if (of.length === 0) return <>{say('short.outside.unknown')}</>;
  return (
    <>
      {of.map(({ device, sensor, fromMs, statements }) => (
        <p key={`${device} ${sensor} ${fromMs}`}>
          <DeviceLink urn={device} />:{' '}
          {say('short.who.statements', {
            measured: statements.measured,
            observed: statements.observed,
            declared: statements.declared,
          })}
        </p>
      ))}
    </>
  );
}

function Broken({ of }: { of: readonly TraceCondition[] }) {
  const { say } = usePage();
  const rules = brokenRules(of);
  if (rules.length > 0) return <RuleNames of={rules} />;
  return <>{say(of.length > 0 ? 'short.rule.none' : 'short.outside.unknown')}</>;
}

/** Each of them once. */
function brokenRules(of: readonly TraceCondition[]): RuleView[] {
  const rules = of.flatMap(({ excursions }) => excursions.flatMap((one) => one.rules));
  return [...new Map(rules.map((one) => [one.rule, one])).values()];
}

function Said({ of }: { of: readonly SubjectRecord[] }) {
  const { say } = usePage();
  const claims = of.flatMap((record) => record.claims);
  if (claims.length === 0) return <>{say('claims.none')}</>;
  return (
    <>
      {claims.map(({ text, speaker: { name, organisation }, leafIndex }) => (
        <p key={leafIndex}>
          “{text}” <span class="note">{say('short.said.by', { name, organisation })}</span>
        </p>
      ))}
    </>
  );
}

function Missing({
  of,
  handovers,
}: {
  of: readonly TraceCondition[];
  handovers: Asked<readonly HandoverView[]>;
}) {
  const { say, tag } = usePage();
  const gaps = of.flatMap(({ device, gaps: own }) => own.map((gap) => ({ device, ...gap })));
  return (
    <>
      {gaps.length === 0 && (
        <p>{say(of.length > 0 ? 'short.missing.none' : 'short.outside.unknown')}</p>
      )}
      {gaps.map(({ device, fromMs, untilMs, missing }) => (
        <p key={`${device} ${fromMs} ${missing}`} class="alarm">
          {say(missing > 0 ? 'short.missing.gap' : 'short.missing.silence', {
            device,
            count: missing,
            duration: durationWords(untilMs - fromMs, tag),
          })}{' '}
          <Time ms={fromMs} />
        </p>
      ))}
      <UnlikeHalves of={handovers} />
    </>
  );
}

/** Not being shown them is not the same as there being none. */
function UnlikeHalves({ of }: { of: Asked<readonly HandoverView[]> }) {
  const { say } = usePage();
  if (of === null) return null;
  if (!of.ok) return <p class="note">{say('short.missing.unseen')}</p>;
  return (
    <>
      {of.value
        .filter(({ state }) => state === 'differs' || state === 'missing')
        .map(({ item, timeMs, state }) => (
          <p key={`${item} ${timeMs}`} class="alarm">
            {say(state === 'differs' ? 'short.missing.differs' : 'short.missing.half')}{' '}
            <Time ms={timeMs} />
          </p>
        ))}
    </>
  );
}

import { useMemo } from 'preact/hooks';
import type { Trace } from '../api/trace-answers.ts';
import { durationWords, lastPart, quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import { type Happening, timelineOf } from '../trace/timeline.ts';
import { EntryLink, ItemLink, Proofs, Time } from './links.tsx';
import { RuleNames } from './rule-names.tsx';
import { Worth } from './worth.tsx';

const HAPPENINGS_SHOWN_MAX = 300;

/** What happened, earliest first: a list, which is what it is. */
export function Timeline({ trace }: { trace: Trace }) {
  const { say } = usePage();
  const all = useMemo(() => timelineOf(trace), [trace]);
  if (all.length === 0) return <p class="empty">{say('timeline.empty')}</p>;
  const shown = all.slice(0, HAPPENINGS_SHOWN_MAX);
  return (
    <>
      <ol class="timeline">
        {shown.map((one, i) => (
          <li key={i} class={`happening happening-${one.kind}`}>
            <Time ms={one.atMs} />
            <HappeningWords of={one} />
          </li>
        ))}
      </ol>
      {all.length > shown.length && (
        <p class="note">{say('table.more', { count: all.length - shown.length })}</p>
      )}
    </>
  );
}

function HappeningWords({ of }: { of: Happening }) {
  const { say, tag } = usePage();
  switch (of.kind) {
    case 'stay':
      return (
        <div>
          <p>
            {of.step !== null && <strong>{lastPart(of.step)} </strong>}
            {of.place !== null && say('timeline.at', { place: itemName(of.place) })}
          </p>
          <p class="note">
            <ItemLink item={of.item} />{' '}
            {of.via !== null &&
              of.via !== of.item &&
              say('timeline.inside', { via: itemName(of.via) })}{' '}
            <Worth of={of.class} /> <EntryLink leafIndex={of.leafIndex} />
          </p>
        </div>
      );
    case 'excursion':
      return (
        <div>
          <p>
            <strong>{say('timeline.excursion')}</strong> {quantityWords(of.min, of.unit, tag)} –{' '}
            {quantityWords(of.max, of.unit, tag)}, {durationWords(of.untilMs - of.atMs, tag)}
          </p>
          <RuleNames of={of.rules} />
          <Proofs of={of.leaves} />
        </div>
      );
    case 'gap':
      return (
        <p>
          <strong>{say('timeline.gap')}</strong>{' '}
          {say(of.missing > 0 ? 'timeline.gap.words' : 'timeline.silence.words', {
            missing: of.missing,
            duration: durationWords(of.untilMs - of.atMs, tag),
            device: of.device,
          })}
        </p>
      );
    default:
      return (
        <div>
          <p>
            <ItemLink item={of.from} /> <strong>{say(`edge.${of.kind}`)}</strong>{' '}
            <ItemLink item={of.to} />
          </p>
          <p class="note">
            {say('recorded-by', { who: of.recordedBy })} <Worth of={of.class} />{' '}
            <EntryLink leafIndex={of.leafIndex} />
          </p>
        </div>
      );
  }
}

// What the check of an evidence file came to: the sentences of `truegrain verify`, as they stand.
import type { Check, Report } from '@truegrain/device-sdk/formats/evidence-report.js';
import { usePage } from '../page-state.ts';
import { Section } from './section.tsx';

const MARKS = { verified: '✓', 'self-consistent': '?', failed: '✕' } as const;

export function Verdict({ report, headline }: { report: Report; headline: string }) {
  const { say, language } = usePage();
  const { verdict, trust } = report;
  return (
    <div class={`verdict verdict-${verdict}`} role="status" data-verdict={verdict}>
      <span class="verdict-mark" aria-hidden="true">
        {MARKS[verdict]}
      </span>
      <div>
        <p class="verdict-headline">{say(`verdict.${verdict}`)}</p>
        {language !== 'en' && <p lang="en">{headline}</p>}
        <p>{say(`verdict.trust.${trust}`)}</p>
        <p class="note">{say('verdict.where')}</p>
      </div>
    </div>
  );
}

export function Proofs({ report }: { report: Report }) {
  const { say } = usePage();
  const { proved, notProved, checks } = report;
  return (
    <>
      {proved.length > 0 && (
        <Section title={say('verdict.proved')}>
          <Sentences of={proved} mark="+" class="proved" />
        </Section>
      )}
      <Section title={say('verdict.not-proved')}>
        <Sentences of={notProved} mark="−" class="not-proved" />
      </Section>
      <Section title={say('verdict.checks')}>
        <details open={checks.some(({ ok }) => !ok)}>
          <summary>{checksWords(checks, say)}</summary>
          <ul class="checks" lang="en">
            {checks.map(({ id, ok, text }) => (
              <li key={id} class={ok ? 'check-ok' : 'check-failed'}>
                <span aria-hidden="true">{ok ? '✓' : '✕'}</span> <code>{id}</code> {text}
              </li>
            ))}
          </ul>
        </details>
      </Section>
    </>
  );
}

function Sentences({
  of,
  mark,
  class: name,
}: {
  of: readonly string[];
  mark: string;
  class: string;
}) {
  return (
    <ul class={`sentences ${name}`} lang="en">
      {of.map((text) => (
        <li key={text}>
          <span aria-hidden="true">{mark}</span> {text}
        </li>
      ))}
    </ul>
  );
}

function checksWords(checks: readonly Check[], say: ReturnType<typeof usePage>['say']): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  return failed === 0
    ? say('verdict.checks.all', { count: checks.length })
    : say('verdict.checks.failed', { count: checks.length, failed });
}

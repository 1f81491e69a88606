// What the gateway found: excursions, gaps, forks and the rest; newest first, and as they come.
import { useEffect, useState } from 'preact/hooks';
import { type Answer, type Asking, getJson } from '../api/client.ts';
import { followEvents } from '../api/event-stream.ts';
import type { Finding, FindingsPage } from '../api/trace-answers.ts';
import { findingRuns } from '../finding-runs.ts';
import { useAsked, usePage } from '../page-state.ts';
import type { Key } from '../text/words.ts';
import { Answered } from './answered.tsx';
import { EntryLink, SubjectLink, Time } from './links.tsx';
import { RuleNames } from './rule-names.tsx';
import { Section } from './section.tsx';

const FINDINGS_SHOWN_MAX = 100;
/** A page looks at so many leaves and may be short: further back than this nobody looks from here. */
const PAGES_READ_MAX = 4;

export function LiveFindings() {
  const { say } = usePage();
  const [asked] = useAsked('findings', newestFindings);
  const live = useLiveFindings(asked?.ok ?? false);
  return (
    <Section title={say('findings.title')} note={say('findings.note')}>
      <Answered of={asked} what="what.findings">
        {(findings) => (
          <div aria-live="polite">
            <FindingList of={[...live, ...findings].slice(0, FINDINGS_SHOWN_MAX)} />
          </div>
        )}
      </Answered>
    </Section>
  );
}

async function newestFindings(asking: Asking): Promise<Answer<readonly Finding[]>> {
  let newest: readonly Finding[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_READ_MAX; page++) {
    const query = new URLSearchParams({ order: 'newest', limit: String(FINDINGS_SHOWN_MAX) });
    if (after !== null) query.set('after', after);
    const answer: Answer<FindingsPage> = await getJson(`/v1/findings?${query}`, asking);
    if (!answer.ok) return answer;
    const { findings, next } = answer.value;
    newest = [...newest, ...findings];
    if (next === null || newest.length >= FINDINGS_SHOWN_MAX) break;
    after = next;
  }
  return { ok: true, value: newest };
}

/** Newest first, from when the page was opened. */
function useLiveFindings(isThere: boolean): readonly Finding[] {
  const { token } = usePage();
  const [live, setLive] = useState<readonly Finding[]>([]);
  useEffect(() => {
    if (!isThere) return;
    const aborter = new AbortController();
    void followEvents('/v1/findings/live', { token, signal: aborter.signal }, (data) => {
      const finding = parsedFinding(data);
      if (finding === null) return;
      setLive((before) => [finding, ...before].slice(0, FINDINGS_SHOWN_MAX));
    });
    return () => aborter.abort();
  }, [isThere, token]);
  return live;
}

function parsedFinding(data: string): Finding | null {
  try {
    return JSON.parse(data) as Finding;
  } catch {
    return null;
  }
}

export function FindingList({ of }: { of: readonly Finding[] }) {
  const { say } = usePage();
  if (of.length === 0) return <p class="empty">{say('findings.none')}</p>;
  return (
    <ul class="findings">
      {findingRuns(of).map(({ finding, fromMs, untilMs, count }, i) => (
        <li key={i} class="finding">
          <p>
            <strong>{say(`finding.${finding.kind}` as Key)}</strong>{' '}
            <span lang="en">{finding.text}</span>
            {count > 1 && <> {say('findings.times', { count: String(count) })}</>}
          </p>
          <p class="note">
            <Time ms={fromMs} />
            {untilMs !== null && (
              <>
                {' – '}
                <Time ms={untilMs} />
              </>
            )}{' '}
            {finding.subject !== null && <SubjectLink subject={finding.subject} />}{' '}
            {finding.device !== null && <SubjectLink subject={finding.device} />}{' '}
            {finding.leafIndex !== null && <EntryLink leafIndex={finding.leafIndex} />}
          </p>
          {finding.rule !== null && <RuleNames of={[finding.rule]} />}
        </li>
      ))}
    </ul>
  );
}

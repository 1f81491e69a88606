// Who keeps the ledger, how large it is, what its newest checkpoint is worth to the reader, what was found.
import { useEffect, useState } from 'preact/hooks';
import { type ShownCheckpoint, shownCheckpoint } from '../api/checkpoint.ts';
import { getText } from '../api/client.ts';
import type { AllianceAnswer, HealthAnswer } from '../api/gateway-answers.ts';
import { numberWords } from '../format.ts';
import { useAsked, useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { CheckpointVerdictNote } from '../parts/checkpoint-verdict.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { ExportBar, jsonExport } from '../parts/export-bar.tsx';
import { LiveFindings } from '../parts/findings.tsx';
import { Time } from '../parts/links.tsx';
import { NewestBlocks } from '../parts/newest-blocks.tsx';
import { Facts, Figure, Section } from '../parts/section.tsx';
import { type Sample, SizeRate } from '../parts/size-rate.tsx';
import { TrustPanel } from '../parts/trust-panel.tsx';

const CHECKPOINT_EVERY_MS = 4_000;
const SAMPLES_MAX = 90;

export function OverviewPage() {
  const { say } = usePage();
  const [alliance] = useJson<AllianceAnswer>('/v1/alliance');
  const { checkpoint, samples, asked } = useCheckpoints();
  return (
    <>
      <h1>{say('overview.title')}</h1>
      <Answered of={alliance} what="what.alliance">
        {(view) => <Standing view={view} size={checkpoint?.size ?? view.size} samples={samples} />}
      </Answered>
      <div class="columns">
        <Section title={say('checkpoint.title')} note={say('checkpoint.note')}>
          <Answered of={asked} what="what.checkpoint">
            {() => checkpoint && <CheckpointFacts of={checkpoint} />}
          </Answered>
          <TrustPanel />
        </Section>
        <LiveFindings />
      </div>
      {checkpoint && <NewestBlocks size={checkpoint.size} />}
      <Answered of={alliance} what="what.alliance">
        {(view) => (
          <>
            <Members view={view} />
            <ExportBar exports={[jsonExport('overview', { alliance: view, checkpoint })]} />
          </>
        )}
      </Answered>
    </>
  );
}

/** The newest checkpoint, asked for as long as the page is looked at, and the sizes it had. */
function useCheckpoints() {
  const [asked, again] = useAsked('/log/checkpoint', (asking) =>
    getText('/log/checkpoint', { ...asking, token: null }),
  );
  const [checkpoint, setCheckpoint] = useState<ShownCheckpoint | null>(null);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (asked === null) return;
    const shown = asked.ok ? shownCheckpoint(asked.value) : null;
    if (shown !== null) {
      setCheckpoint(shown);
      const sample = { atMs: Date.now(), size: shown.size };
      setSamples((before) => [...before.slice(1 - SAMPLES_MAX), sample]);
    }
    const timer = setTimeout(() => {
      if (document.visibilityState === 'visible') again();
    }, CHECKPOINT_EVERY_MS);
    document.addEventListener('visibilitychange', again, { once: true });
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [asked, again]);
  return { checkpoint, samples, asked };
}

function Standing({
  view,
  size,
  samples,
}: {
  view: AllianceAnswer;
  size: number;
  samples: readonly Sample[];
}) {
  const { say, tag } = usePage();
  const [health] = useJson<HealthAnswer>('/healthz');
  const { faults, members, terms } = view;
  return (
    <>
      <p class="lead">
        {say(terms.mode === 'solo' ? 'overview.solo' : 'overview.alliance', {
          members: members.length,
        })}{' '}
        {say(faults.tolerated === 0 ? 'overview.no-fault' : 'overview.faults', {
          tolerated: faults.tolerated,
        })}
      </p>
      <dl class="figures">
        <Figure
          name={say('overview.members')}
          value={numberWords(members.length, tag)}
          note={say('overview.evidenced', { evidenced: faults.evidenced, voting: faults.voting })}
        />
        <Figure
          name={say('overview.entries')}
          value={numberWords(size, tag)}
          note={<SizeRate samples={samples} />}
        />
        {view.own?.node && (
          <Figure
            name={say('overview.blocks')}
            value={numberWords(view.own.node.height, tag)}
            note={say(`overview.engine-${view.own.node.engine}`)}
          />
        )}
        <Figure
          name={say('overview.log-time')}
          value={<Time ms={view.logTimeMs} />}
          note={
            health?.ok || (health && !health.ok)
              ? say(health.ok && health.value.ok ? 'overview.healthy' : 'overview.unhealthy')
              : ''
          }
        />
      </dl>
      <Facts
        of={[
          [
            say('fact.origin'),
            <code key="o" class="break">
              {view.origin}
            </code>,
          ],
          [
            say('fact.responsible'),
            `${terms.responsible.name}, ${terms.responsible.organisation}, ${terms.responsible.contact}`,
          ],
        ]}
      />
    </>
  );
}

function CheckpointFacts({ of }: { of: ShownCheckpoint }) {
  const { say, tag } = usePage();
  return (
    <>
      <CheckpointVerdictNote note={of.note} />
      <Facts
        of={[
          [say('fact.size'), numberWords(of.size, tag)],
          [
            say('fact.root'),
            <code key="r" class="break">
              {of.root}
            </code>,
          ],
          [
            say('fact.signed-by'),
            <ul key="s">
              {of.signers.map((name) => (
                <li key={name}>{name}</li>
              ))}
            </ul>,
          ],
        ]}
      />
    </>
  );
}

function Members({ view }: { view: AllianceAnswer }) {
  const { say } = usePage();
  return (
    <Section title={say('overview.members')}>
      <DataTable
        caption={say('overview.members')}
        head={[
          say('column.name'),
          say('column.identifier'),
          say('column.kind'),
          say('column.legal-id'),
          say('column.votes'),
        ]}
        rows={view.members.map(({ name, iss, kind, legalId, votes }) => [
          name,
          <span key="i" class="break">
            {iss}
          </span>,
          say(`member.${kind}`),
          legalId.scheme === 'none'
            ? say('member.no-legal-id')
            : `${legalId.scheme} ${legalId.value}${legalId.evidence === null ? '' : ` (${say('member.evidenced')})`}`,
          say(votes ? 'yes' : 'no'),
        ])}
      />
    </Section>
  );
}

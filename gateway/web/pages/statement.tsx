// One statement and its proof, checked here: the gateway gives the evidence, the browser judges it.
import { useEffect, useState } from 'preact/hooks';
import type { Answer } from '../api/client.ts';
import { evidenceOf } from '../api/evidence.ts';
import { shortDigest } from '../format.ts';
import { type Asked, useAsked, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { ExportBar, jsonExport } from '../parts/export-bar.tsx';
import { InclusionTree } from '../parts/inclusion-tree.tsx';
import { Section } from '../parts/section.tsx';
import { StatementWords } from '../parts/statement-words.tsx';
import { TrustPanel } from '../parts/trust-panel.tsx';
import { Proofs, Verdict } from '../parts/verdict.tsx';
import type { Checked, Unreadable } from '../verify/check-evidence.ts';

const EVIDENCE_BYTES_MAX = 2_097_152;

export function StatementPage({ id }: { id: string | null }) {
  const { say } = usePage();
  const [file, setFile] = useState<{ name: string; bytes: Uint8Array } | null>(null);
  const [fault, setFault] = useState('');
  const open = async (picked: File | undefined) => {
    if (picked === undefined) return;
    if (picked.size > EVIDENCE_BYTES_MAX) return setFault(say('statement.too-large'));
    setFault('');
    setFile({ name: picked.name, bytes: new Uint8Array(await picked.arrayBuffer()) });
  };
  const of = file !== null ? null : id;
  return (
    <>
      <p class="kicker">{say('statement.title')}</p>
      <h1>
        {file?.name ?? (id === null ? say('statement.file') : <code>{shortDigest(id)}</code>)}
      </h1>
      <Section title={say('trust.title')} note={say('trust.note')}>
        <TrustPanel />
        <div class="controls">
          <label for="evidence-file" class="button">
            {say('statement.pick')}
          </label>
          <input
            id="evidence-file"
            class="file"
            type="file"
            accept=".tgev"
            onChange={({ currentTarget }) => {
              open(currentTarget.files?.[0]).catch((error: Error) => setFault(error.message));
            }}
          />
        </div>
        <p class="fault" aria-live="polite">
          {fault}
        </p>
      </Section>
      {file !== null && <Judged bytes={file.bytes} name={file.name} />}
      {of !== null && <Fetched key={of} id={of} />}
    </>
  );
}

function Fetched({ id }: { id: string }) {
  const [asked] = useAsked(id, (asking) => evidenceOf(id, asking));
  return (
    <Answered of={asked} what="what.evidence">
      {(bytes) => <Judged bytes={bytes} name={`${id}.tgev`} />}
    </Answered>
  );
}

function Judged({ bytes, name }: { bytes: Uint8Array; name: string }) {
  const { say } = usePage();
  const judged = useJudged(bytes);
  return (
    <Answered of={judged} what="what.verdict">
      {(outcome) =>
        'unreadable' in outcome.checked ? (
          <p class="alarm" lang="en" role="alert">
            {outcome.checked.unreadable}
          </p>
        ) : (
          <>
            <Verdict report={outcome.checked.report} headline={outcome.headline} />
            <StatementWords report={outcome.checked.report} />
            {outcome.checked.inclusion !== null && (
              <Section title={say('tree.title')} note={say('tree.note')}>
                <InclusionTree of={outcome.checked.inclusion} />
              </Section>
            )}
            <Proofs report={outcome.checked.report} />
            <ExportBar
              exports={[
                {
                  name: 'export.evidence',
                  file: name,
                  type: 'application/octet-stream',
                  content: () => bytes,
                },
                jsonExport(name, outcome.checked.report),
              ]}
            />
          </>
        )
      }
    </Answered>
  );
}

interface Outcome {
  readonly checked: Checked | Unreadable;
  /** As `truegrain verify` says it. */
  readonly headline: string;
}

/** Judged anew whenever the bytes or the reader's trust change. */
function useJudged(bytes: Uint8Array): Asked<Outcome> {
  const { trust } = usePage();
  const [judged, setJudged] = useState<{ of: unknown; answer: Answer<Outcome> } | null>(null);
  useEffect(() => {
    let isGone = false;
    judge(bytes, trust).then(
      (value) => {
        if (!isGone) setJudged({ of: trust, answer: { ok: true, value } });
      },
      (error: Error) => {
        const failure = { kind: 'refused' as const, detail: error.message };
        if (!isGone) setJudged({ of: trust, answer: { ok: false, failure } });
      },
    );
    return () => {
      isGone = true;
    };
  }, [bytes, trust]);
  return judged?.of === trust ? judged.answer : null;
}

/** Loaded with the first statement: most readers of the overview never need it. */
async function judge(
  bytes: Uint8Array,
  trust: Parameters<typeof import('../verify/check-evidence.ts')['checkEvidence']>[1],
): Promise<Outcome> {
  const [{ checkEvidence }, { VERDICT_WORDS }] = await Promise.all([
    import('../verify/check-evidence.ts'),
    import('@truegrain/device-sdk/formats/evidence-words.js'),
  ]);
  const checked = checkEvidence(bytes, trust);
  const headline = 'report' in checked ? VERDICT_WORDS[checked.report.verdict] : '';
  return { checked, headline };
}

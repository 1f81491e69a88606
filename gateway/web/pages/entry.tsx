// One entry by its place in the log, and the block that took it in.

import { shownCheckpoint } from '../api/checkpoint.ts';
import type { Answer, Asking } from '../api/client.ts';
import { getJson, getText } from '../api/client.ts';
import { numberWords } from '../format.ts';
import { useAsked, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { DataTable } from '../parts/data-table.tsx';
import {
  Digest,
  EntryLink,
  IssuerLink,
  StatementLink,
  SubjectLink,
  Time,
} from '../parts/links.tsx';
import { Facts, Section } from '../parts/section.tsx';
import type { Key } from '../text/words.ts';
import type { LogEntry } from '../verify/log-entries.ts';

export function EntryPage({ leafIndex }: { leafIndex: number }) {
  const { say } = usePage();
  const [asked] = useAsked(`entry ${leafIndex}`, (asking) => blockWith(leafIndex, asking));
  const [governance] = useAsked(`governance ${leafIndex}`, (asking) =>
    getJson<{ leaves: { leafIndex: number; id: string; kind: string; logTimeMs: number }[] }>(
      `/v1/governance?fromLeaf=${leafIndex}&limit=1`,
      asking,
    ),
  );
  const leaf = governance?.ok
    ? governance.value.leaves.find((one) => one.leafIndex === leafIndex)
    : undefined;
  return (
    <>
      <p class="kicker">{say('entry.title')}</p>
      <h1>{say('entry.name', { leafIndex })}</h1>
      {leaf !== undefined && (
        <Section title={say('entry.governance')}>
          <Facts
            of={[
              [say('column.kind'), say(`kind.${leaf.kind}` as Key)],
              [say('column.log-time'), <Time key="t" ms={leaf.logTimeMs} />],
              [
                say('fact.id'),
                <StatementLink key="s" id={leaf.id}>
                  <code class="break">{leaf.id}</code>
                </StatementLink>,
              ],
            ]}
          />
        </Section>
      )}
      <Answered of={asked} what="what.entries">
        {(entries) => <Block entries={entries} leafIndex={leafIndex} />}
      </Answered>
    </>
  );
}

async function blockWith(leafIndex: number, asking: Asking): Promise<Answer<LogEntry[]>> {
  const note = await getText('/log/checkpoint', asking);
  if (!note.ok) return note;
  const size = shownCheckpoint(note.value)?.size ?? 0;
  const { blockOf } = await import('../verify/log-entries.ts');
  return blockOf(leafIndex, { ...asking, size });
}

function Block({ entries, leafIndex }: { entries: readonly LogEntry[]; leafIndex: number }) {
  const { say, tag } = usePage();
  const own = entries.find((entry) => entry.leafIndex === leafIndex);
  const batch = entries.findLast(({ block }) => block !== null);
  if (own === undefined) return <p class="empty">{say('entry.none')}</p>;
  return (
    <>
      <Section title={say('entry.statement')}>
        <Facts
          of={[
            [say('column.kind'), say(`kind.${own.kind}` as Key)],
            [say('fact.issuer'), <IssuerLink key="u" issuer={own.issuer} />],
            [say('fact.subject'), <SubjectLink key="s" subject={own.subject} />],
            [say('column.number'), numberWords(own.seq, tag)],
            [say('fact.dated'), <Time key="t" ms={own.iatS * 1000} />],
            [
              say('fact.id'),
              <StatementLink key="i" id={own.id}>
                <code class="break">{own.id}</code>
              </StatementLink>,
            ],
            [say('fact.leaf-hash'), <Digest key="l" hex={own.leafHash} whole />],
          ]}
        />
        <p>
          <StatementLink id={own.id}>{say('entry.verify')}</StatementLink>
        </p>
      </Section>
      {batch?.block && (
        <Section title={say('block.title')} note={say('block.note', { gateway: batch.issuer })}>
          <Facts
            of={[
              [say('column.entry'), <EntryLink key="e" leafIndex={batch.leafIndex} />],
              [say('column.log-time'), <Time key="t" ms={batch.block.logTimeMs} />],
              [say('column.statements'), numberWords(batch.block.count, tag)],
              [say('column.refused'), numberWords(batch.block.refusals, tag)],
              [say('column.broken'), numberWords(batch.block.rulings, tag)],
              [say('column.batch-root'), <Digest key="d" hex={batch.block.batchRoot} whole />],
            ]}
          />
          <DataTable
            caption={say('block.entries')}
            head={[
              say('column.entry'),
              say('column.kind'),
              say('fact.issuer'),
              say('fact.subject'),
              say('column.number'),
              say('column.statement'),
            ]}
            rows={entries.map((entry) => [
              <EntryLink key="e" leafIndex={entry.leafIndex} />,
              say(`kind.${entry.kind}` as Key),
              <IssuerLink key="u" issuer={entry.issuer} />,
              <SubjectLink key="s" subject={entry.subject} />,
              numberWords(entry.seq, tag),
              <StatementLink key="i" id={entry.id} />,
            ])}
          />
        </Section>
      )}
    </>
  );
}

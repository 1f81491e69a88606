// A statement in words, from what the check found in its evidence.
import type { Report } from '@truegrain/device-sdk/formats/evidence-report.js';
import { quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import type { Key } from '../text/words.ts';
import { DataTable } from './data-table.tsx';
import { Digest, EntryLink, IssuerLink, SubjectLink, Time } from './links.tsx';
import { Facts, Section } from './section.tsx';
import { GradeAxes, Worth } from './worth.tsx';

const FLAGS = [
  'late',
  'fork',
  'untrustedClock',
  'gapBefore',
  'suspectReading',
  'calibrationOverdue',
] as const;

export function StatementWords({ report }: { report: Report }) {
  const { say, tag } = usePage();
  const { statement, ledger, grade } = report;
  if (statement === null || ledger === null) return null;
  const { device, subject } = statement;
  const filling = {
    issuer: statement.issuer,
    subject: itemName(subject),
    seq: statement.seq,
    leafIndex: statement.leafIndex,
    size: ledger.size,
    kind: say(`kind.${statement.kind}` as Key),
    records: device?.records ?? 0,
  };
  return (
    <Section title={say('statement.words')}>
      <p class="lead">
        {say(device === null ? 'statement.by-member' : 'statement.by-device', filling)}{' '}
        {say('statement.place', filling)}
      </p>
      <Facts
        of={[
          [say('fact.issuer'), <IssuerLink key="d" issuer={statement.issuer} />],
          [say('fact.subject'), <SubjectLink key="s" subject={subject} />],
          [say('fact.dated'), <Time key="t" ms={statement.iatS * 1000} />],
          [say('fact.entry'), <EntryLink key="e" leafIndex={statement.leafIndex} />],
          [say('fact.owner'), device?.owner],
          [say('fact.key-level'), device && say(`level.${device.keyLevel}` as Key)],
          [say('fact.binding'), device && say(`bound.${device.binding}` as Key)],
          [say('fact.block'), grade && <EntryLink key="b" leafIndex={grade.batchLeaf} />],
          [say('fact.accepted'), grade && <Time key="a" ms={grade.acceptedMs} />],
          [say('fact.digest'), statement.digest && <Digest key="g" hex={statement.digest} whole />],
          [say('fact.id'), <Digest key="i" hex={statement.id} whole />],
          [say('fact.key'), <Digest key="k" hex={statement.kid} whole />],
        ]}
      />
      {device?.keyEnded && (
        <p class="alarm">
          {say(`statement.key-${device.keyEnded.how}`, { leaf: device.keyEnded.leaf })}
        </p>
      )}
      <Readings report={report} tag={tag} />
      <GradeWords report={report} />
    </Section>
  );
}

function Readings({ report, tag }: { report: Report; tag: string }) {
  const { say } = usePage();
  const { content } = report;
  if (content === null) return null;
  if (!content.disclosed) return <p class="note">{say('statement.sealed')}</p>;
  const { readings, record, relative } = content;
  if (record !== null) {
    return <Facts of={Object.entries(record).map(([name, value]) => [name, value ?? '–'])} />;
  }
  if (readings.length === 0) return null;
  return (
    <DataTable
      caption={say('statement.readings')}
      head={[say('column.time'), say('column.sensor'), say('column.value')]}
      rows={readings.map(({ timeMs, name, value, unit, kind }) => [
        relative ? say('statement.relative', { ms: -timeMs }) : <Time key="t" ms={timeMs} />,
        name,
        `${typeof value === 'number' ? quantityWords(value, unit, tag) : String(value)}${kind === 'reading' ? '' : ` (${kind})`}`,
      ])}
    />
  );
}

function GradeWords({ report: { grade } }: { report: Report }) {
  const { say } = usePage();
  if (grade === null) return null;
  const flags = FLAGS.filter((flag) => grade[flag]);
  return (
    <>
      <h3>{say('grade.title')}</h3>
      <p>
        <Worth of={grade.fact} />. {say('grade.by', { gateway: grade.gateway })}
      </p>
      <GradeAxes of={grade} />
      {flags.length > 0 && (
        <ul class="flags">
          {flags.map((flag) => (
            <li key={flag}>{say(`flag.${flag}`)}</li>
          ))}
        </ul>
      )}
      {grade.rules.length > 0 && (
        <DataTable
          caption={say('grade.rules')}
          head={[
            say('column.rule'),
            say('column.title'),
            say('column.responsible'),
            say('column.outcome'),
          ]}
          rows={grade.rules.map(({ rule, title, responsible, broken }) => [
            <code key="r">{rule}</code>,
            title,
            responsible,
            broken ? <strong class="alarm">{say('rule.broken')}</strong> : say('rule.kept'),
          ])}
        />
      )}
    </>
  );
}

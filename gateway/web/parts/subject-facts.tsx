// What the log holds of one thing: facts by worth; breaches with who answers for the rule; and apart from
// both, what somebody says.
import type { SubjectRecord } from '../../http/law-backend.ts';
import { usePage } from '../page-state.ts';
import { DataTable } from './data-table.tsx';
import { EntryLink, ItemLink, StatementLink, Time } from './links.tsx';
import { Section } from './section.tsx';
import { WorthBar } from './worth.tsx';

export function SubjectFacts({ of }: { of: SubjectRecord }) {
  const { say } = usePage();
  return (
    <>
      <Section title={say('facts.title')} note={say('facts.note')}>
        <WorthBar of={of.facts} />
      </Section>
      <Section title={say('breaches.title')}>
        <DataTable
          caption={say('breaches.title')}
          empty={say('breaches.none')}
          head={[
            say('column.rule'),
            say('column.title'),
            say('column.legal-basis'),
            say('column.responsible'),
            say('column.since'),
            say('column.attested-by'),
            say('column.statement'),
          ]}
          rows={of.breaches.map((breach) => [
            <code key="r">{`${breach.rule}@${breach.version}`}</code>,
            breach.title,
            breach.legalBasis,
            `${breach.responsible.name}, ${breach.responsible.organisation}, ${breach.responsible.contact}`,
            <Time key="t" ms={breach.firstMs} />,
            breach.attestedBy,
            <StatementLink key="s" id={breach.statementId} />,
          ])}
        />
      </Section>
      {of.annotations.length > 0 && (
        <Section title={say('annotations.title')}>
          <ul class="sentences">
            {of.annotations.map(({ id, by, text, official, leafIndex }) => (
              <li key={id}>
                {text}{' '}
                <span class="note">
                  {official.name}, {official.organisation} ({by}){' '}
                  <EntryLink leafIndex={leafIndex} />
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={say('verdict.not-proved')}>
        <ul class="sentences not-proved" lang="en">
          {of.notProved.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </Section>
    </>
  );
}

/** Set apart to the eye and in words: no grade, no tick, and always under the speaker's name. */
export function Claims({ of, item }: { of: readonly AboutIt[]; item: string }) {
  const { say } = usePage();
  const claims = of.flatMap(({ subject, claims: said }) =>
    said.map((one) => ({ subject, ...one })),
  );
  return (
    <Section title={say('claims.title')} note={say('claims.note')} class="claims">
      {claims.length === 0 ? (
        <p class="empty">{say('claims.none')}</p>
      ) : (
        <ul>
          {claims.map(({ subject, text, speaker, passedOnBy, leafIndex }) => (
            <li key={leafIndex}>
              <blockquote>{text}</blockquote>
              <p class="note">
                {say('claims.who', {
                  name: speaker.name,
                  organisation: speaker.organisation,
                  contact: speaker.contact,
                  passedOnBy,
                })}{' '}
                <EntryLink leafIndex={leafIndex} />
              </p>
              {subject !== item && (
                <p class="note">
                  {say('claims.about')} <ItemLink item={subject} />
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

type AboutIt = Pick<SubjectRecord, 'subject' | 'claims'>;

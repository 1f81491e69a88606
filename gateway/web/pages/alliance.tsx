// The law of the ledger: charter, members, rules with who answers for each, orders, what is proposed.
import type { AllianceAnswer, LawAnswer } from '../api/gateway-answers.ts';
import { useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { ExportBar, jsonExport } from '../parts/export-bar.tsx';
import { EntryLink, StatementLink, Time } from '../parts/links.tsx';
import { Facts, Section } from '../parts/section.tsx';
import type { Key } from '../text/words.ts';

export function AlliancePage() {
  const { say } = usePage();
  const [alliance] = useJson<AllianceAnswer>('/v1/alliance');
  const [law] = useJson<LawAnswer>('/v1/law');
  return (
    <>
      <h1>{say('alliance.title')}</h1>
      <Answered of={alliance} what="what.alliance">
        {(view) => (
          <>
            <Charter of={view} />
            <Members of={view} />
          </>
        )}
      </Answered>
      <Answered of={law} what="what.law">
        {(view) => (
          <>
            <Rules of={view} />
            <Orders of={view} />
            <Examinations of={view} />
          </>
        )}
      </Answered>
      {alliance?.ok && <Proposals of={alliance.value} />}
      <ExportBar
        exports={[
          jsonExport('alliance', {
            alliance: alliance?.ok ? alliance.value : null,
            law: law?.ok ? law.value : null,
          }),
        ]}
      />
    </>
  );
}

function Charter({ of: { terms, faults, ledgerId } }: { of: AllianceAnswer }) {
  const { say } = usePage();
  const { responsible, law } = terms;
  const conditions = law?.conditions ?? [];
  const supervisors = law?.supervisors ?? [];
  return (
    <Section title={say('charter.title')}>
      <blockquote class="charter">{terms.text}</blockquote>
      <p>
        <EntryLink leafIndex={0} /> · <span lang="en">{faults.words}</span>
      </p>
      <Facts
        of={[
          [
            say('fact.responsible'),
            `${responsible.name}, ${responsible.organisation}, ${responsible.contact}`,
          ],
          [
            say('fact.ledger-id'),
            <code key="l" class="break">
              {ledgerId}
            </code>,
          ],
          [
            say('charter.quorum'),
            terms.quorum === 'two-thirds' ? say('charter.two-thirds') : String(terms.quorum),
          ],
          [say('charter.answer-term'), say('days', { days: terms.answerTermDays })],
          [say('charter.notice-term'), say('days', { days: terms.noticeTermDays })],
          [say('charter.rule-approvals'), String(terms.ruleApprovals)],
          [say('charter.retention'), say('days', { days: terms.retentionDays })],
          [say('charter.disclosure'), say(`disclosure.${terms.disclosure}`)],
          [say('charter.entries'), say(terms.publicEntries ? 'charter.open' : 'charter.by-token')],
          [say('charter.profiles'), law?.profiles.join(', ')],
          [say('charter.deadlock'), law?.deadlock],
        ]}
      />
      {conditions.length > 0 && (
        <DataTable
          caption={say('charter.conditions')}
          head={[
            say('column.id'),
            say('column.when'),
            say('column.text'),
            say('column.attested-by'),
          ]}
          rows={conditions.map(({ id, on, text, attestedBy }) => [
            id,
            say(`condition.${on}`),
            text,
            say(`member.${attestedBy}`),
          ])}
        />
      )}
      {supervisors.length > 0 && (
        <DataTable
          caption={say('charter.supervisors')}
          head={[say('column.member'), say('column.sectors'), say('column.powers')]}
          rows={supervisors.map(({ member, sectors, powers }) => [
            member,
            sectors.join(', ') || say('all'),
            powers.join(', '),
          ])}
        />
      )}
    </Section>
  );
}

function Members({ of }: { of: AllianceAnswer }) {
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
          say('column.from-entry'),
          say('column.until-entry'),
        ]}
        rows={[
          ...of.members.map(({ name, iss, kind, legalId, votes, sinceLeaf }) => [
            name,
            <span key="i" class="break">
              {iss}
            </span>,
            say(`member.${kind}`),
            legalId.scheme === 'none'
              ? say('member.no-legal-id')
              : `${legalId.scheme} ${legalId.value}${legalId.evidence === null ? '' : ` (${say('member.evidenced')})`}`,
            say(votes ? 'yes' : 'no'),
            <EntryLink key="e" leafIndex={sinceLeaf} />,
            '–',
          ]),
          ...of.formerMembers.map(({ name, iss, kind, sinceLeaf, untilLeaf }) => [
            name,
            <span key="i" class="break">
              {iss}
            </span>,
            say(`member.${kind}`),
            '–',
            say('no'),
            <EntryLink key="e" leafIndex={sinceLeaf} />,
            <EntryLink key="u" leafIndex={untilLeaf} />,
          ]),
        ]}
      />
      {of.exceptions.length > 0 && (
        <DataTable
          caption={say('alliance.exceptions')}
          head={[say('column.kind'), say('column.member'), say('column.entry')]}
          rows={of.exceptions.map(({ kind, member, leafIndex }) => [
            say(`exception.${kind}` as Key),
            member,
            <EntryLink key="e" leafIndex={leafIndex} />,
          ])}
        />
      )}
    </Section>
  );
}

function Rules({ of: { rules, edition } }: { of: LawAnswer }) {
  const { say } = usePage();
  return (
    <Section title={say('rules.title')} note={say('rules.note', { edition })}>
      {rules.length === 0 && <p class="empty">{say('rules.none')}</p>}
      <ul class="cards">
        {rules.map(({ rule, status, by, approvedBy, enactedLeaf, fromLeaf, untilLeaf, pauses }) => (
          <li key={`${rule.id}@${rule.version}`} class="card">
            <h3>
              {rule.title} <code>{`${rule.id}@${rule.version}`}</code>{' '}
              <span class={`status status-${status.replaceAll(' ', '-')}`}>
                {say(`rule.${status}`)}
              </span>
            </h3>
            <p>{rule.text}</p>
            <Facts
              of={[
                [
                  say('column.responsible'),
                  `${rule.responsible.name}, ${rule.responsible.organisation}, ${rule.responsible.contact}`,
                ],
                [say('column.legal-basis'), rule.legalBasis],
                [say('rule.effect'), say(`rule.effect.${rule.effect}`)],
                [say('rule.profile'), rule.profile],
                [say('rule.proposed-by'), by],
                [say('rule.approved-by'), approvedBy.join(', ')],
                [say('rule.enacted'), <EntryLink key="e" leafIndex={enactedLeaf} />],
                [say('column.from-entry'), <EntryLink key="f" leafIndex={fromLeaf} />],
                [
                  say('column.until-entry'),
                  untilLeaf === null ? null : <EntryLink key="u" leafIndex={untilLeaf} />,
                ],
                [say('rule.pauses'), pauses.map(({ because }) => because).join('; ')],
              ]}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Orders({ of: { orders } }: { of: LawAnswer }) {
  const { say } = usePage();
  return (
    <Section title={say('orders.title')} note={say('orders.note')}>
      {orders.length === 0 && <p class="empty">{say('orders.none')}</p>}
      <ul class="cards">
        {orders.map((order) => (
          <li key={order.id} class="card">
            <h3>
              {say(`order.${order.action}` as Key)} {say(`target.${order.target.kind}` as Key)}{' '}
              <span class="break">{order.target.id}</span>
            </h3>
            <p>{order.text}</p>
            <Facts
              of={[
                [
                  say('orders.official'),
                  `${order.official.name}, ${order.official.organisation}, ${order.official.contact}`,
                ],
                [say('column.legal-basis'), order.legalBasis],
                [say('column.log-time'), <Time key="t" ms={order.logTimeMs} />],
                [say('column.entry'), <EntryLink key="e" leafIndex={order.leafIndex} />],
                [
                  say('orders.lifted'),
                  order.liftedBy && <StatementLink key="l" id={order.liftedBy} />,
                ],
                [
                  say('orders.appeals'),
                  order.appeals.length === 0 ? null : (
                    <ul key="a">
                      {order.appeals.map(({ id, by, text }) => (
                        <li key={id}>
                          {text} <span class="note">{by}</span>
                        </li>
                      ))}
                    </ul>
                  ),
                ],
              ]}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Examinations({
  of: { examinations, differences, overdueExaminations },
}: {
  of: LawAnswer;
}) {
  const { say } = usePage();
  return (
    <Section title={say('examinations.title')} note={say('examinations.note')}>
      {differences.map(({ field, size, values }) => (
        <p key={`${field} ${size}`} class="alarm">
          {say('examinations.differ', { field, size })}{' '}
          {values.map(({ member, value }) => `${member}: ${value}`).join('; ')}
        </p>
      ))}
      {overdueExaminations.map(({ member, examinationDays }) => (
        <p key={member} class="alarm">
          {say('examinations.overdue', { member, days: examinationDays })}
        </p>
      ))}
      <DataTable
        caption={say('examinations.title')}
        empty={say('examinations.none')}
        head={[say('column.member'), say('column.log-time'), say('fact.size'), say('column.entry')]}
        rows={examinations.map(({ by, logTimeMs, size, leafIndex }) => [
          by,
          <Time key="t" ms={logTimeMs} />,
          String(size),
          <EntryLink key="e" leafIndex={leafIndex} />,
        ])}
      />
    </Section>
  );
}

function Proposals({ of: { proposals } }: { of: AllianceAnswer }) {
  const { say } = usePage();
  return (
    <Section title={say('proposals.title')}>
      {proposals.length === 0 && <p class="empty">{say('proposals.none')}</p>}
      <ul class="cards">
        {proposals.map(({ id, by, kind, preview, approvedBy, awaited, closed, leafIndex }) => (
          <li key={id} class="card">
            <h3>
              {say(`change.${kind}` as Key)} <span class="note">{by}</span>
            </h3>
            <ul class="sentences" lang="en">
              {preview.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
            <Facts
              of={[
                [say('rule.approved-by'), approvedBy.join(', ')],
                [say('proposals.awaited'), awaited.join(', ')],
                [say('proposals.closed'), closed],
                [say('column.entry'), <EntryLink key="e" leafIndex={leafIndex} />],
              ]}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

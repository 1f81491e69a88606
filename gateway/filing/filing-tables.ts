import { responsibleWords } from '@truegrain/device-sdk/formats/law-words.js';
import type { FiledMember, FilingSheet } from '../http/filing-backend.ts';
import { table } from './filing-html.ts';

/** What the sheet lists, in the order in which an authority asks for it. */
export function listSections(sheet: FilingSheet): string {
  return [
    filingTable(sheet),
    dutyTable(sheet),
    nodeTable(sheet),
    personTable(sheet),
    ruleTable(sheet),
    supervisorTable(sheet),
    orderTable(sheet),
  ].join('\n');
}

function filingTable({ filings }: FilingSheet): string {
  return table(
    'Filings',
    ['Number', 'Authority', 'Service', 'Filed', 'Status', 'Responsible', 'Leaf'],
    [
      ...filings.map((one) => [
        one.url === null ? one.number : `${one.number} (${one.url})`,
        one.authority,
        one.service,
        timeWords(one.filedMs).slice(0, 10),
        one.status,
        responsibleWords(one.responsible),
        String(one.leafIndex),
      ]),
    ],
  );
}

function dutyTable({ duties }: FilingSheet): string {
  return table(
    'Duties and what answers them here',
    ['Duty', 'Here'],
    [...duties.map(({ duty, here }) => [duty, here])],
  );
}

function nodeTable({ nodes }: FilingSheet): string {
  return table(
    'Nodes',
    ['Organisation', 'Kind', 'Legal id', 'Votes', 'Addresses', 'Since leaf'],
    [
      ...nodes.map((node) => [
        `${node.name} (${node.iss})`,
        node.kind,
        legalIdWords(node),
        node.validates ? 'yes' : 'no',
        [node.door, node.engine, node.publicUrl].filter((one) => one !== null).join(', ') || 'none',
        String(node.sinceLeaf),
      ]),
    ],
  );
}

function personTable({ persons }: FilingSheet): string {
  return table(
    'Responsible persons',
    ['Person', 'Organisation', 'Contact', 'Answers for'],
    [...persons.map((one) => [one.name, one.organisation, one.contact, one.answersFor.join(', ')])],
  );
}

function ruleTable({ rules }: FilingSheet): string {
  return table(
    'Rules',
    ['Rule', 'Title', 'Status', 'Legal basis', 'Responsible', 'From leaf'],
    [
      ...rules.map((one) => [
        one.rule,
        one.title,
        one.status,
        one.legalBasis,
        responsibleWords(one.responsible),
        String(one.fromLeaf),
      ]),
    ],
  );
}

function supervisorTable({ supervisors }: FilingSheet): string {
  return table(
    'Supervisors',
    ['Member', 'Sectors', 'Powers'],
    [
      ...supervisors.map((one) => [
        `${one.name} (${one.member})`,
        one.sectors.join(', ') || 'all',
        one.powers.join(', '),
      ]),
    ],
  );
}

function orderTable({ orders }: FilingSheet): string {
  return table(
    'Orders',
    ['Leaf', 'Order', 'Legal basis', 'By', 'Appeals', 'Lifted'],
    [
      ...orders.map((one) => [
        String(one.leafIndex),
        `${one.action} ${one.target}`,
        one.legalBasis,
        one.by,
        String(one.appeals),
        one.lifted ? 'yes' : 'no',
      ]),
    ],
  );
}

export function legalIdWords({ legalId: { scheme, value, evidence } }: FiledMember): string {
  if (scheme === 'none') return 'none stated';
  const shown = evidence === null ? 'no evidence shown' : `evidence SHA-256 ${evidence}`;
  return `${scheme.toUpperCase()} ${value}, ${shown}`;
}

export function timeWords(timeMs: number | null): string {
  return timeMs === null ? 'unknown' : new Date(timeMs).toISOString();
}

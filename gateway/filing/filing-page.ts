import { createHash } from 'node:crypto';
import type { FilingSheet } from '../http/filing-backend.ts';
import { escaped, pairs, section, table } from './filing-html.ts';
import { legalIdWords, listSections, timeWords } from './filing-tables.ts';

/** A4 on paper, one column on a phone; no script, nothing loaded from anywhere. */
const STYLE = `
:root{color-scheme:light}
body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#fff;color:#1a1a1a}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.2}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #999}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem}
dt{color:#555}dd{margin:0}
dd,td,li{overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border:1px solid #bbb}
footer{margin-top:2rem;border-top:1px solid #999;font-size:.85rem;color:#444}
@media(max-width:40rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}
 thead{display:none}table,tbody,tr,td{display:block;border:0}tr{border-bottom:1px solid #bbb;padding:.5rem 0}
 td{padding:.1rem 0}td::before{content:attr(data-of);display:block;color:#555;font-size:.8rem}}
@page{size:A4;margin:18mm 15mm}
@media print{body{font-size:10pt}main{max-width:none;padding:0}
 h2{break-after:avoid}tr,dd{break-inside:avoid}thead{display:table-header-group}.wide{overflow:visible}}
`;

/** The page's own style and nothing else may act in it. */
export const FILING_PAGE_CSP = `default-src 'none'; style-src 'sha256-${createHash('sha256')
  .update(STYLE)
  .digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function filingPage(sheet: FilingSheet): string {
  const { service } = sheet;
  const title = `Filing data sheet: ${service.ledger}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${serviceSection(sheet)}
${operatorSection(sheet)}
${listSections(sheet)}
${changeSection(sheet)}
<footer>
${sheet.notes.map((note) => `<p>${escaped(note)}</p>`).join('\n')}
<p>${escaped(sheet.numberLine ?? 'No filing number is recorded.')}</p>
</footer>
</main>
</body>
</html>
`;
}

function serviceSection({ service }: FilingSheet): string {
  return section(
    'Service',
    pairs([
      ['Ledger', service.ledger],
      ['Ledger id', service.ledgerId],
      ['Origin', service.origin],
      ['Charter', service.charterId],
      ['Purpose', service.purpose],
      ['Started (log time of the charter)', timeWords(service.startedMs)],
      ['State', `${service.size} leaves, log time ${timeWords(service.logTimeMs)}`],
      ['Contents are kept', `${service.retentionDays} days, ${service.disclosure}`],
      ['Industry profiles', service.profiles.join('; ') || 'none'],
    ]),
  );
}

function operatorSection({ operator }: FilingSheet): string {
  if (operator === null) return section('Operator', '<p>Not a member of this ledger.</p>');
  return section(
    'Operator',
    pairs([
      ['Organisation', operator.name],
      ['Identifier', operator.iss],
      ['Legal id', legalIdWords(operator)],
      ['Kind of member', operator.kind],
      ['Public address', operator.publicUrl ?? 'none'],
    ]),
  );
}

function changeSection({ changes: { sinceLeaf, entries } }: FilingSheet): string {
  const title =
    sinceLeaf === null ? 'Changes since the charter' : `Changes after leaf ${sinceLeaf}`;
  const rows = entries.map(({ leafIndex, timeMs, kind, by, text }) => [
    String(leafIndex),
    timeWords(timeMs),
    text,
    kind ?? 'unknown',
    by ?? 'unknown',
  ]);
  return table(title, ['Leaf', 'Log time', 'Change', 'Statement', 'Signed by'], rows);
}

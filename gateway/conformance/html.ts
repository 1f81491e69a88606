import { HEADLINE, trustWords } from './print.ts';
import type { ConformanceReport, CriterionReport } from './report.ts';

/** One page that needs nothing else: no script, no font, no picture; for a phone and for paper. */
export function htmlOf(report: ConformanceReport): string {
  const { verdict, subject, checkedAt, presented, evidenced, reasons, criteria } = report;
  const title = `${HEADLINE[verdict]} – ${subject.origin ?? subject.where}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1 class="${CLASS[verdict]}">${escaped(HEADLINE[verdict])}</h1>
<dl>
${row('Ledger', subject.origin ?? 'unnamed')}
${row('Looked at', `${subject.where} (${subject.kind})`)}
${row('Entries', subject.size === null ? 'not shown' : String(subject.size))}
${row('Checked', checkedAt)}
${row('Trusted', trustWords(report))}
${row('Keepers', `${presented} presented, ${evidenced} of them evidenced, distinct organisations`)}
</dl>
${list('Why', reasons)}
<h2>Criteria</h2>
${criteria.map(criterionOf).join('\n')}
${list('What this does not show', report.notShown)}
</main>
</body>
</html>
`;
}

const CLASS = {
  'alliance chain': 'good',
  'private chain': 'plain',
  'pseudo-chain': 'bad',
  undecided: 'plain',
} as const;

const OUTCOME_CLASS = { passed: 'good', failed: 'bad', 'not seen': 'plain' } as const;

function criterionOf(criterion: CriterionReport): string {
  const { id, title, severity, outcome, summary, evidence, notSeen } = criterion;
  const lines = [...evidence, ...notSeen.map((text) => `not seen: ${text}`)];
  const items = lines.map((text) => `<li>${escaped(text)}</li>`).join('');
  return `<section>
<h3><span class="${OUTCOME_CLASS[outcome]}">${escaped(outcome)}</span> ${escaped(`${id} ${title}`)} <small>${severity}</small></h3>
<p>${escaped(summary)}</p>${items === '' ? '' : `\n<ul>${items}</ul>`}
</section>`;
}

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const items = lines.map((text) => `<li>${escaped(text)}</li>`).join('\n');
  return `<h2>${escaped(title)}</h2>\n<ul>\n${items}\n</ul>`;
}

function row(name: string, value: string): string {
  return `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`;
}

/** Text of strangers: neither markup, nor controls that turn what a reader sees around. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const STYLE = `
body{margin:0;background:#fff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif}
main{max-width:48rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;margin:.5rem 0 1rem;padding:.75rem;border:2px solid;border-left-width:.6rem}
h2{font-size:1.15rem;margin:1.5rem 0 .5rem}
h3{font-size:1rem;margin:0}
h3 span{border:1px solid;border-radius:.2rem;padding:0 .35rem;font-weight:normal}
small{font-weight:normal;color:#595959}
.good{color:#0b6b2e}.bad{color:#a4121c}.plain{color:#4a4a4a}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .8rem;margin:0}
dt{color:#595959}dd{margin:0;overflow-wrap:anywhere}
section{border-top:1px solid #ddd;padding:.6rem 0;break-inside:avoid}
p,li{margin:.2rem 0;overflow-wrap:anywhere}
ul{margin:.3rem 0;padding-left:1.2rem}
@media print{main{max-width:none;padding:0}body{font-size:11pt}}
`;

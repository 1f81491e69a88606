import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CRITERIA } from '../../../gateway/conformance/criteria.ts';
import type { Criterion } from '../../../gateway/conformance/criterion.ts';

const ROOT = new URL('../../../gateway/conformance/', import.meta.url);
const text = readFileSync(new URL('criteria.md', ROOT), 'utf8');

interface Entry {
  id: string;
  title: string;
  body: string;
  severity: string;
}

const entries: Entry[] = text
  .split(/^## (?=C-\d\d )/m)
  .slice(1)
  .map((part) => {
    const [head = '', ...rest] = part.split('\n');
    const body = rest.join('\n').split(/^## /m)[0] ?? '';
    const severity = /^- Severity: (.*)$/m.exec(body)?.[1] ?? '';
    return { id: head.slice(0, 4), title: head.slice(5), body, severity };
  });

it('every criterion of the catalogue has a checker, and every checker is in the catalogue', () => {
  expect(entries.length).toBeGreaterThan(10);
  expect(entries.map(({ id, title }) => `${id} ${title}`)).toEqual(
    CRITERIA.map(({ id, title }) => `${id} ${title}`),
  );
  expect(new Set(CRITERIA.map(({ id }) => id)).size).toBe(CRITERIA.length);
});

it('each says what is required, why, how it is tested, and how bad a failure is', () => {
  const byId = new Map(CRITERIA.map((criterion) => [criterion.id, criterion]));
  for (const { id, body, severity } of entries) {
    for (const field of ['Requirement', 'Why', 'Tested', 'Severity']) {
      expect(body, `${id} ${field}`).toMatch(new RegExp(`^- ${field}: \\S`, 'm'));
    }
    expect(severity, id).toBe(severityWords(byId.get(id)!));
  }
});

function severityWords({ severity, isIntegrity, mustBeSeen }: Criterion): string {
  const words = [severity as string];
  if (isIntegrity) words.push('integrity');
  if (mustBeSeen) words.push('must be seen');
  return words.join(', ');
}

it('each file of criteria/ is one criterion, and the one its name says', async () => {
  const files = readdirSync(new URL('criteria/', ROOT)).filter((file) => file.endsWith('.ts'));
  const listed = new Set(CRITERIA);
  for (const file of files) {
    const { criterion } = (await import(new URL(`criteria/${file}`, ROOT).pathname)) as {
      criterion: Criterion;
    };
    expect(criterion.id, file).toBe(`C-${file.slice(1, 3)}`);
    expect(listed.has(criterion), file).toBe(true);
  }
  expect(files.length).toBe(CRITERIA.length);
});

it('only what is fatal can be of integrity or have to be seen', () => {
  for (const { id, severity, isIntegrity, mustBeSeen } of CRITERIA) {
    if (isIntegrity || mustBeSeen) expect(severity, id).toBe('fatal');
  }
});

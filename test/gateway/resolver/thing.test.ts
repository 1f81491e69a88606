import { describe, expect, test } from 'vitest';
import { readThing } from '../../../gateway/resolver/thing.ts';

function thingAt(path: string) {
  const thing = readThing(path);
  if (!thing.ok) throw new Error(`${thing.code} ${thing.detail}`);
  return thing.value;
}

describe('what a path names', () => {
  test('levels from the finest up to the key, each with the name that events give it', () => {
    const { levels, isCanonical } = thingAt('/01/09506000134352/22/V1/10/ABC%2F1/21/12345');
    expect(isCanonical).toBe(true);
    expect(levels.map(({ path, epc }) => [path, epc])).toEqual([
      [
        '/01/09506000134352/22/V1/10/ABC%2F1/21/12345',
        'https://id.gs1.org/01/09506000134352/21/12345',
      ],
      ['/01/09506000134352/22/V1/10/ABC%2F1', 'https://id.gs1.org/01/09506000134352/10/ABC%2F1'],
      ['/01/09506000134352/22/V1', 'https://id.gs1.org/01/09506000134352'],
      ['/01/09506000134352', 'https://id.gs1.org/01/09506000134352'],
    ]);
    expect(levels[0].values.get('10')).toBe('ABC/1');
  });

  test.each([
    ['/00/395213200000047114', 1],
    ['/414/9521321000018/254/A1', 2],
    ['/8003/09521321000018A-1', 1],
    ['/8004/9521321AB', 1],
    ['/01/09506000134352/235/T1', 2],
    ['/01/09506000134352/', 1],
  ])('%s is a thing of %i levels', (path, count) => {
    const { levels, isCanonical } = thingAt(path);
    expect(levels).toHaveLength(count);
    expect(isCanonical).toBe(true);
  });

  test('an extension of 0 is none', () => {
    const [finest] = thingAt('/414/9521321000018/254/0').levels;
    expect(finest.epc).toBe('https://id.gs1.org/414/9521321000018');
  });

  test.each([
    ['/gtin/09506000134352/lot/A', '/01/09506000134352/10/A'],
    ['/01/9506000134352', '/01/09506000134352'],
    ['/sscc/395213200000047114', '/00/395213200000047114'],
  ])('%s is written otherwise: %s', (path, canonical) => {
    const { levels, isCanonical } = thingAt(path);
    expect(isCanonical).toBe(false);
    expect(levels[0].path).toBe(canonical);
  });

  test.each([
    ['/01/09506000134351', 'epc_check_digit'],
    ['/00/395213200000047115', 'epc_check_digit'],
    ['/01/0950600013435', 'epc_check_digit'],
    ['/01/123', 'epc_digits'],
    ['/01/', 'epc_form'],
    ['/01/09506000134352/foo', 'epc_form'],
    ['/01/09506000134352/foo/1', 'epc_form'],
    ['/01/09506000134352//1', 'epc_form'],
    ['/01/09506000134352/21/1/10/A', 'epc_form'],
    ['/01/09506000134352/10/A/10/A', 'epc_form'],
    ['/01/09506000134352/10/A/235/T1', 'epc_form'],
    ['/01/09506000134352/17/271231', 'epc_form'],
    ['/00/395213200000047114/10/A', 'epc_form'],
    ['/8013/1987654Ad4X4bL5ttr2310c2K', 'epc_form'],
    ['/01/09506000134352/10/', 'epc_form'],
    ['/01/09506000134352/10//21/1', 'epc_characters'],
    [`/01/09506000134352/10/${'x'.repeat(21)}`, 'epc_characters'],
    ['/01/09506000134352/10/a%20b', 'epc_characters'],
    ['/01/09506000134352/22/%C3%A4', 'epc_characters'],
    ['/01/09506000134352/10/%E0%A4%A', 'epc_escape'],
  ])('%s is refused: %s', (path, code) => {
    expect(readThing(path)).toMatchObject({ ok: false, code });
  });
});

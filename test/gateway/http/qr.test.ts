import jsqr from 'jsqr';
import { expect, test } from 'vitest';
import { qrSvg } from '../../../gateway/resolver/qr-code.ts';
import { harness } from './harness.ts';

// CommonJS: its function is also its own default.
const jsQR = jsqr.default;
const ROOT = 'https://id.mill.example';
const LEDGER = '09'.repeat(32);

/** Draws the code's rectangles as a camera might see them: `scale` pixels a module. */
function photographOf(svg: string, scale = 5) {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]) * scale;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  const code = /<path d="([^"]*)"/.exec(svg)?.[1] ?? '';
  for (const [, x, y, width] of code.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1) {
      const from = Number(x) * scale;
      for (let column = from; column < from + Number(width) * scale; column += 1) {
        pixels.fill(0, (row * size + column) * 4, (row * size + column) * 4 + 3);
      }
    }
  }
  return { pixels, size };
}

function read(svg: string): string | undefined {
  const { pixels, size } = photographOf(svg);
  return jsQR(pixels, size, size)?.data;
}

test.each([
  ['https://id.gs1.org/01/09506000134352/10/L1/21/S%2F1', '/01/09506000134352/21/S%2F1'],
  ['urn:epc:id:sscc:9521321.0000000001', '/00/095213210000000018'],
  ['urn:epc:class:lgtin:9521321.012345.998877', '/01/09521321123458/10/998877'],
  ['https://shop.example/x/01/09506000134352/21/7?17=271231', '/01/09506000134352/21/7'],
])('the code of %s reads as its link here, with the ledger', async (epc, path) => {
  const { app } = await harness({ publicUrl: ROOT });
  const answer = await app.inject({ url: `/v1/qr?epc=${encodeURIComponent(epc)}` });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toContain('image/svg+xml');
  const link = read(answer.body);
  expect(link).toBe(`${ROOT}${path}?ledger=${LEDGER}`);

  const { pathname, search } = new URL(String(link));
  const led = await app.inject({ url: pathname + search });
  expect(led.statusCode).toBe(307);
  expect(led.headers.location).toBe(`${ROOT}/ui/c${path}?ledger=${LEDGER}`);
});

const CODE = qrSvg(`${ROOT}/01/09506000134352/21/S1?ledger=${LEDGER}`);

test('four modules around the code are white', () => {
  const { pixels, size } = photographOf(CODE, 1);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const isQuiet = x < 4 || y < 4 || x >= size - 4 || y >= size - 4;
      if (isQuiet) expect(pixels[(y * size + x) * 4]).toBe(255);
    }
  }
});

test('the code says level M, and a scratch is mended', () => {
  const { pixels, size } = photographOf(CODE, 1);
  const isDark = (column: number) => pixels[((8 + 4) * size + column + 4) * 4] === 0;
  // ISO/IEC 18004 §7.9: the first two bits of the format, under the mask 10; M is 00.
  expect([isDark(0), isDark(1)]).toEqual([true, false]);
  const scratched = CODE.replaceAll(/M(\d+) (\d+)h/g, (all, x, y) =>
    Math.abs(Number(x) - Number(y)) <= 1 && Number(x) > 16 && Number(x) < 32 ? `X${x} ${y}h` : all,
  );
  expect(scratched).not.toBe(CODE);
  expect(read(scratched)).toBe(read(CODE));
  expect(read(CODE)).toContain(LEDGER);
});

test.each([
  '',
  'hello',
  'urn:dev:mac:0024befffe804ff1',
  'https://id.gs1.org/01/09506000134351',
  'https://id.gs1.org/17/271231',
  'urn:epc:id:sscc:9521321.00',
])('no code for %j', async (epc) => {
  const { app } = await harness();
  const answer = await app.inject({ url: `/v1/qr?epc=${encodeURIComponent(epc)}` });
  expect(answer.statusCode).toBe(400);
  expect(answer.headers['content-type']).toBe('application/problem+json');
});

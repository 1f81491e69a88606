// What a search text can be by its form alone: for a gateway that has no search, and as a first answer.
import type { Found } from './api/trace-answers.ts';

const CANONICAL = 'https://id.gs1.org';

/** Most likely first; none where the form says nothing. */
export function guesses(text: string): Found[] {
  const asked = text.trim();
  const hex = asked.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return [{ kind: 'statement', id: hex, label: hex }];
  if (/^urn:dev:/i.test(asked)) return [{ kind: 'device', id: asked, label: asked }];
  if (/^(https?:\/\/|urn:)/i.test(asked)) return [{ kind: 'item', id: asked, label: asked }];
  const digits = asked.replaceAll(/[\s-]/g, '');
  if (/^\(00\)\d{18}$|^\d{18}$/.test(digits)) return [item('00', digits.slice(-18))];
  if (/^\d{8}$|^\d{12,14}$/.test(digits)) return [product(digits)];
  if (/^\d{1,16}$/.test(digits)) return [{ kind: 'block', id: digits, label: digits }];
  return elementString(asked);
}

function item(key: string, value: string): Found {
  const id = `${CANONICAL}/${key}/${value}`;
  return { kind: 'item', id, label: id };
}

function product(gtin: string): Found {
  return { ...item('01', gtin.padStart(14, '0')), kind: 'product' };
}

/** Human-readable element string: `(01)09506000134352(10)AB-12(21)7`. */
function elementString(text: string): Found[] {
  const parts = [...text.matchAll(/\((\d{2,4})\)\s*([^()]+)/g)];
  if (parts.length === 0) return [];
  const path = parts.map(([, ai, value = '']) => `${ai}/${encodeURIComponent(value.trim())}`);
  const id = `${CANONICAL}/${path.join('/')}`;
  const kind = parts.some(([, ai]) => ai === '21')
    ? 'item'
    : parts.some(([, ai]) => ai === '10')
      ? 'lot'
      : 'product';
  return [{ kind, id, label: text }];
}

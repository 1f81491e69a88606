// Typed reading of XML elements that keeps the first fault, as `fields` does for CBOR maps.

/**
 * A reader asks for what the schema promises and looks once at the end whether all of it was
 * there. Elements it does not ask for are passed over: a DCC carries much that no rule here uses.
 *
 * @module xml-fields
 */
import { fail } from '@truegrain/device-sdk/formats/result.js';
import type { DccRefusal, DccRefused } from './dcc-refusal.ts';
import { childElements, type XmlElement } from './xml-document.ts';

export const NAMESPACES = {
  dcc: 'https://ptb.de/dcc',
  si: 'https://ptb.de/si',
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  xades: 'http://uri.etsi.org/01903/v1.3.2#',
} as const;

/** `dcc:item`; the prefix is ours, the document may use another for the same namespace. */
export type QName = `${keyof typeof NAMESPACES}:${string}`;

const TEXT_LENGTH_MAX = 1_024;
const LIST_LENGTH_MAX = 10_000;
/** xs:double without INF and NaN: neither is a calibrated value. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const DATE = /^([1-9]\d{3})-(\d\d)-(\d\d)(Z|[+-]\d\d:\d\d)?$/;
const DATE_TIME = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
export const DAY_MS = 86_400_000;

export class XmlFields {
  readonly #element: XmlElement | null;
  readonly #path: string;
  readonly #root: XmlFields;
  #refused: DccRefused | null = null;

  /** `element` is null where something required was missing: everything below reads as empty. */
  constructor(element: XmlElement | null, path: string, root: XmlFields | null = null) {
    this.#element = element;
    this.#path = path;
    this.#root = root ?? this;
  }

  get refused(): DccRefused | null {
    return this.#root.#refused;
  }

  refuse(code: DccRefusal, detail: string): void {
    this.#root.#refused ??= fail(code, detail);
  }

  /** Refuses this element: `rule` says what it should have been. */
  odd(rule: string): void {
    this.refuse('dcc_form', `${this.#path}: ${rule}`);
  }

  all(...names: readonly QName[]): XmlFields[] {
    if (this.#element === null) return [];
    const matching = childElements(this.#element).filter((child) =>
      names.some((name) => isNamed(child, name)),
    );
    return matching.map((child) => {
      return new XmlFields(child, `${this.#path}/${child.localName}`, this.#root);
    });
  }

  /** Null where there is none; two are a fault, whichever of them a reader would take. */
  optional(name: QName): XmlFields | null {
    const [first, second] = this.all(name);
    second?.odd('more than once');
    return first ?? null;
  }

  one(name: QName): XmlFields {
    const found = this.optional(name);
    if (found) return found;
    if (this.#element !== null) this.odd(`no ${name}`);
    return new XmlFields(null, `${this.#path}/${name}`, this.#root);
  }

  attribute(name: string): string | null {
    return this.#element?.getAttribute(name) ?? null;
  }

  /** The DCC's `refType`: what an element means, in words of PTB's vocabulary. */
  refTypes(): string[] {
    return words(this.attribute('refType') ?? '');
  }

  hasRefType(word: string): boolean {
    return this.refTypes().includes(word);
  }

  /** Trimmed; not empty. An element with children has no text of its own. */
  text(max = TEXT_LENGTH_MAX): string {
    if (this.#element === null) return '';
    if (childElements(this.#element).length > 0) this.odd('elements where a text should be');
    const text = (this.#element.textContent ?? '').trim();
    if (text === '') this.odd('empty');
    if (text.length > max) this.odd(`longer than ${max} characters`);
    return text.slice(0, max);
  }

  /** xs:double; `list` is the separator-by-blanks form of the XMLList types. */
  numbers(): number[] {
    if (this.#element === null) return [];
    const texts = words(this.text(LIST_LENGTH_MAX * 32));
    if (texts.length > LIST_LENGTH_MAX) this.odd(`more than ${LIST_LENGTH_MAX} values`);
    const values = texts.map((text) => (NUMBER.test(text) ? Number(text) : Number.NaN));
    if (!values.every(Number.isFinite)) this.odd('not a number');
    return values;
  }

  words(): string[] {
    return this.#element === null ? [] : words(this.text(LIST_LENGTH_MAX * 64));
  }

  /** xs:date: its first millisecond, in UTC where it names no zone. */
  dayMs(): number {
    const text = this.text();
    const match = DATE.exec(text);
    const [, year, month, day, zone = 'Z'] = match ?? [];
    const ms = Date.parse(`${year}-${month}-${day}T00:00:00${zone}`);
    const named = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    const exists = named.getUTCDate() === Number(day);
    if (!match || !exists || Number.isNaN(ms)) {
      if (this.#element !== null) this.odd('not a date');
      return 0;
    }
    return ms;
  }

  /** xs:dateTime with a zone. */
  timeMs(): number {
    const text = this.text();
    const ms = DATE_TIME.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) {
      if (this.#element !== null) this.odd('not a time with a zone');
      return 0;
    }
    return ms;
  }
}

export function isNamed(element: XmlElement, name: QName): boolean {
  const [prefix, local] = name.split(':') as [keyof typeof NAMESPACES, string];
  return element.localName === local && element.namespaceURI === NAMESPACES[prefix];
}

function words(text: string): string[] {
  return text.split(/[ \t\r\n]+/).filter((word) => word !== '');
}

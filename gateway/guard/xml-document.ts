// Bytes to an XML 1.0 document (W3C REC-xml-20081126) under limits, with everything refused that two readers could see differently.

/** @module xml-document */
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import { DOMParser, type Document, type Element, Node } from '@xmldom/xmldom';
import type { DccResult } from './dcc-refusal.ts';

/** PTB's samples have 24 KiB; one with a scanned page as base64 still fits. */
export const DCC_BYTES_MAX = 1_048_576;
/** Tags, comments and CDATA sections; a sample has 700. */
const MARKUP_MAX = 20_000;
/** Canonicalization recurses; the schema nests about 20. */
const DEPTH_MAX = 64;
const ATTRIBUTES_MAX = 32;
/**
 * Of the whole document; a sample has 5. Exclusive canonicalization looks through the subtree for
 * each of them: with these limits the worst document takes a second or two instead of a minute.
 */
const NAMESPACES_MAX = 128;

/** `<!` that opens neither a comment nor a CDATA section. */
const DECLARATION = /<!(?!--|\[CDATA\[)/;
const XML_DECLARATION =
  /^<\?xml\s+version\s*=\s*(["'])1\.0\1(\s+encoding\s*=\s*(["'])utf-8\3)?(\s+standalone\s*=\s*(["'])(?:yes|no)\5)?\s*\?>/i;
/** Char of XML 1.0 §2.2, negated. */
const NOT_A_CHARACTER = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

export function parseXml(bytes: Uint8Array): DccResult<Document> {
  if (bytes.length > DCC_BYTES_MAX) return fail('dcc_size', `${bytes.length} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('dcc_xml', 'not UTF-8');
  }
  if (occurs(text, '<', MARKUP_MAX)) return fail('dcc_size', `over ${MARKUP_MAX} tags`);
  if (occurs(text, 'xmlns', NAMESPACES_MAX)) {
    return fail('dcc_size', `over ${NAMESPACES_MAX} namespace declarations`);
  }
  return parseXmlText(text);
}

function occurs(text: string, word: string, moreThan: number): boolean {
  return text.split(word, moreThan + 2).length > moreThan + 1;
}

/** Also for canonical text, which has at most twice the tags and repeats its namespaces. */
export function parseXmlText(text: string): DccResult<Document> {
  // Before the parser sees it: no entity is ever expanded, no default attribute added.
  if (DECLARATION.test(text)) return fail('dcc_doctype', 'a declaration within <!…>');
  if (text.startsWith('<?xml') && !XML_DECLARATION.test(text)) {
    return fail('dcc_xml', 'not declared as XML 1.0 in UTF-8');
  }
  if (NOT_A_CHARACTER.test(text)) return fail('dcc_xml', 'a character that XML 1.0 forbids');
  let document: Document;
  try {
    document = new DOMParser({ onError: stopAtAnything }).parseFromString(text, 'application/xml');
  } catch (error) {
    return fail('dcc_xml', error instanceof Error ? error.message : String(error));
  }
  return withinLimits(document);
}

/** The parser repairs what it only warns of; a repaired document is not the one that was signed. */
function stopAtAnything(level: string, message: string): never {
  throw new Error(`${level}: ${message}`);
}

function withinLimits(document: Document): DccResult<Document> {
  let depth = 0;
  // Iterative: the depth is not bounded yet.
  let node: Node | null = document;
  while (node) {
    if (node.nodeType === Node.PROCESSING_INSTRUCTION_NODE && node.nodeName !== 'xml') {
      return fail('dcc_instruction', `<?${node.nodeName}…?>`);
    }
    if (isElement(node) && node.attributes.length > ATTRIBUTES_MAX) {
      return fail('dcc_size', `${node.attributes.length} attributes of ${node.nodeName}`);
    }
    if (node.firstChild) {
      node = node.firstChild;
      depth += 1;
      if (depth > DEPTH_MAX) return fail('dcc_size', `deeper than ${DEPTH_MAX} elements`);
      continue;
    }
    while (node && !node.nextSibling) {
      node = node.parentNode;
      depth -= 1;
    }
    node = node?.nextSibling ?? null;
  }
  return ok(document);
}

/** Every element below and including `root`, in document order. */
export function* elementsOf(root: Element): Generator<Element> {
  yield root;
  for (const child of childElements(root)) yield* elementsOf(child);
}

export function childElements(parent: Node): Element[] {
  const children: Element[] = [];
  for (let child = parent.firstChild; child; child = child.nextSibling) {
    if (isElement(child)) children.push(child);
  }
  return children;
}

function isElement(node: Node): node is Element {
  return node.nodeType === Node.ELEMENT_NODE;
}

export type { Document as XmlDocument, Element as XmlElement } from '@xmldom/xmldom';

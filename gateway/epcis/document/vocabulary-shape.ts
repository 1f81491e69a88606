import { isVocabularyWord, type VocabularyList } from '../gs1/cbv-vocabulary.ts';
import { isUri } from './absolute-uri.ts';
import { type Shape, text } from './shape.ts';

/** A user's own word is any URI outside GS1's namespaces: GS1's words have bare names in JSON-LD. */
const CBV_NAMESPACE = /^(?:urn:epcglobal:cbv|https?:\/\/ns\.gs1\.org\/cbv\/)/;
const WEB_VOCABULARY_NAMESPACE = /^https?:\/\/(?:www\.)?gs1\.org\/voc\//;

function word(list: VocabularyList, namespace: RegExp): Shape {
  return text(
    (value) => (isUri(value) ? !namespace.test(value) : isVocabularyWord(list, value)),
    `is neither a ${list} of CBV 2.0 under its bare name nor a URI of one's own`,
  );
}

export const bizStep = word('bizStep', CBV_NAMESPACE);
export const disposition = word('disposition', CBV_NAMESPACE);
export const bizTransactionType = word('bizTransactionType', CBV_NAMESPACE);
export const sourceDestType = word('sourceDestType', CBV_NAMESPACE);
export const errorReason = word('errorReason', CBV_NAMESPACE);
export const component = word('component', CBV_NAMESPACE);
export const measurement = word('measurement', WEB_VOCABULARY_NAMESPACE);
export const exception = word('exception', WEB_VOCABULARY_NAMESPACE);

// Link types of the GS1 Web vocabulary, as a request or a configuration writes them.

export const GS1_VOCABULARY = 'https://ref.gs1.org/voc/';
const VOCABULARY_FORMS = /^(?:gs1:|https:\/\/(?:ref\.|www\.)?gs1\.org\/voc\/)([A-Za-z]\w*)$/;

export const DEFAULT_LINK = `${GS1_VOCABULARY}defaultLink`;

/** `gs1:pip`, or its URI in any of the forms that GS1 has used → the URI that linksets use. */
export function linkTypeUri(text: string): string {
  const name = VOCABULARY_FORMS.exec(text)?.[1];
  return name === undefined ? text : `${GS1_VOCABULARY}${name}`;
}

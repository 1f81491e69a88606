import { useState } from 'preact/hooks';
import { itemName, keyParts } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import { Section } from './section.tsx';

/** What is printed on the thing, for its consumers. A wrong number gets no code, and so no place. */
export function PackCode({ item }: { item: string }) {
  const { say } = usePage();
  const [isThere, setIsThere] = useState(true);
  if (!isThere || keyParts(item) === null) return null;
  return (
    <Section title={say('product.code')} note={say('product.code.note')}>
      <img
        src={`/v1/qr?epc=${encodeURIComponent(item)}`}
        alt={say('product.code.alt', { item: itemName(item) })}
        width="180"
        height="180"
        onError={() => setIsThere(false)}
      />
    </Section>
  );
}

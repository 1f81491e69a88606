import { numberWords } from '../format.ts';
import { useAsked, useLatest, usePage } from '../page-state.ts';
import { Answered } from './answered.tsx';
import { DataTable } from './data-table.tsx';
import { Digest, EntryLink, Time } from './links.tsx';
import { Section } from './section.tsx';

const BLOCKS_SHOWN_MAX = 8;

/** The newest batches of statements; each is signed by the gateway that took them in. */
export function NewestBlocks({ size }: { size: number }) {
  const { say, tag } = usePage();
  const [asked] = useAsked(size === 0 ? null : `blocks ${size}`, async (asking) => {
    const { newestBlocks } = await import('../verify/log-entries.ts');
    return newestBlocks({ ...asking, size });
  });
  const latest = useLatest(asked);
  return (
    <Section title={say('blocks.title')} note={say('blocks.note')}>
      <Answered of={latest} what="what.entries">
        {(blocks) => (
          <DataTable
            caption={say('blocks.title')}
            head={[
              say('column.entry'),
              say('column.log-time'),
              say('column.gateway'),
              say('column.statements'),
              say('column.refused'),
              say('column.broken'),
              say('column.batch-root'),
            ]}
            rows={blocks
              .slice(0, BLOCKS_SHOWN_MAX)
              .map(({ leafIndex, issuer, block }, i) => [
                <EntryLink key="e" leafIndex={leafIndex} />,
                <Time key="t" ms={block?.logTimeMs} />,
                issuer,
                numberWords(block?.count ?? 0, tag),
                numberWords(block?.refusals ?? 0, tag),
                numberWords(block?.rulings ?? 0, tag),
                <Digest key={`d${i}`} hex={block?.batchRoot ?? ''} />,
              ])}
          />
        )}
      </Answered>
    </Section>
  );
}

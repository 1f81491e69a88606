// From one hand to the next: each side's half, and where the two differ.
import type { HandoverView } from '../api/handovers.ts';
import { quantityWords } from '../format.ts';
import { usePage } from '../page-state.ts';
import { EntryLink, ItemLink, SubjectLink, Time } from './links.tsx';

export function HandoverList({ of }: { of: readonly HandoverView[] }) {
  const { say } = usePage();
  if (of.length === 0) return <p class="empty">{say('handovers.none')}</p>;
  return (
    <ul class="findings">
      {of.map((handover) => (
        <li key={`${handover.item} ${handover.timeMs}`} class="finding">
          <Handover of={handover} />
        </li>
      ))}
    </ul>
  );
}

function Handover({ of }: { of: HandoverView }) {
  const { say, tag } = usePage();
  const { item, timeMs, state, agrees, giver, receiver, differences } = of;
  const sensors = giver?.condition?.sensors ?? [];
  return (
    <>
      <p>
        <strong class={agrees ? 'good' : 'alarm'}>{say(`handover.${state}`)}</strong>{' '}
        <ItemLink item={item} /> <Time ms={timeMs} />
      </p>
      {differences.map(({ field, giver: given, receiver: received }) => (
        <p key={field}>
          {say('handover.difference', { field, giver: given ?? '–', receiver: received ?? '–' })}
        </p>
      ))}
      {sensors.map(({ sensor, unit, min, max }) => (
        <p key={sensor} class="note">
          {say('handover.condition', {
            sensor,
            min: quantityWords(min, unit, tag),
            max: quantityWords(max, unit, tag),
          })}
        </p>
      ))}
      {[giver, receiver].map(
        (half) =>
          half !== null && (
            <p key={half.leafIndex} class="note">
              {say(`handover.${half.role ?? 'no-role'}`)}: <SubjectLink subject={half.device} />{' '}
              <EntryLink leafIndex={half.leafIndex} />
            </p>
          ),
      )}
    </>
  );
}

// Something that was asked of the gateway: awaited, answered, or the reason why there is no answer.
import type { ComponentChildren } from 'preact';
import type { Failure, FailureKind } from '../api/client.ts';
import { type Asked, usePage } from '../page-state.ts';
import type { Key } from '../text/words.ts';

const SENTENCES: Readonly<Record<FailureKind, Key>> = {
  'token-needed': 'failure.token-needed',
  'token-refused': 'failure.token-refused',
  'no-interface': 'failure.no-interface',
  unknown: 'failure.unknown',
  refused: 'failure.refused',
  'too-many': 'failure.too-many',
  unreachable: 'failure.unreachable',
};

/** `what` names it, as in "This gateway has no {what}". */
export function Answered<T>({
  of,
  what,
  children,
}: {
  of: Asked<T>;
  what: Key;
  children: (value: T) => ComponentChildren;
}) {
  const { say } = usePage();
  if (of === null) return <p class="pending">{say('pending', { what: say(what) })}</p>;
  return of.ok ? children(of.value) : <FailureNote failure={of.failure} what={what} />;
}

export function FailureNote({ failure, what }: { failure: Failure; what: Key }) {
  const { say } = usePage();
  const { kind, detail } = failure;
  const showsDetail = detail !== '' && (kind === 'refused' || kind === 'unreachable');
  return (
    <div class={`notice notice-${kind}`} role="note">
      <p>{say(SENTENCES[kind], { what: say(what) })}</p>
      {showsDetail && (
        <p lang="en" class="detail">
          {detail}
        </p>
      )}
      {(kind === 'token-needed' || kind === 'token-refused') && (
        <p>
          {say('failure.token-how')} <code>truegrain token add --role auditor</code>
        </p>
      )}
    </div>
  );
}

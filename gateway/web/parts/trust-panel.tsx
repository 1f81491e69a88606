// Whom the reader trusts: a policy file from the reader's own disk, or a ledger id from elsewhere.
import { useId, useState } from 'preact/hooks';
import { usePage } from '../page-state.ts';
import { keepTrust, NO_TRUST, storedTrust, type Trust } from '../trust.ts';

const POLICY_BYTES_MAX = 1_048_576;

export function TrustPanel() {
  const { say, trust, setTrust } = usePage();
  const [isKept, setKept] = useState(() => storedTrust(localStorage) !== NO_TRUST);
  const [fault, setFault] = useState('');
  const fileId = useId();
  const faultId = useId();

  const change = (next: Trust, keep = isKept) => {
    setTrust(next);
    keepTrust(localStorage, keep ? next : null);
  };
  const pick = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > POLICY_BYTES_MAX) return setFault(say('trust.too-large'));
    setFault('');
    change({ ...trust, policy: { name: file.name, text: await file.text() } });
  };
  return (
    <div class="trust">
      <p>{trustWords(trust, say)}</p>
      <div class="controls">
        <label for={fileId} class="button">
          {say('trust.pick')}
        </label>
        <input
          id={fileId}
          class="file"
          type="file"
          accept=".txt,text/plain"
          aria-describedby={faultId}
          onChange={(event) => {
            const { currentTarget } = event;
            pick(currentTarget.files?.[0])
              .catch((error: Error) => setFault(error.message))
              .finally(() => {
                currentTarget.value = '';
              });
          }}
        />
        <LedgerIdField
          given={trust.ledgerId}
          onGiven={(ledgerId) => change({ ...trust, ledgerId })}
        />
        <label>
          <input
            type="checkbox"
            checked={isKept}
            onChange={({ currentTarget }) => {
              setKept(currentTarget.checked);
              keepTrust(localStorage, currentTarget.checked ? trust : null);
            }}
          />{' '}
          {say('trust.keep')}
        </label>
        {(trust.policy !== null || trust.ledgerId !== null) && (
          <button type="button" onClick={() => change(NO_TRUST)}>
            {say('trust.forget')}
          </button>
        )}
      </div>
      <p id={faultId} class="fault" aria-live="polite">
        {fault}
      </p>
    </div>
  );
}

function LedgerIdField({
  given,
  onGiven,
}: {
  given: string | null;
  onGiven: (ledgerId: string | null) => void;
}) {
  const { say } = usePage();
  const id = useId();
  const [text, setText] = useState(given ?? '');
  const value = text.trim().slice(text.trim().lastIndexOf('/') + 1);
  const isWrong = value !== '' && !/^[0-9a-f]{64}$/.test(value);
  return (
    <span class="field">
      <label for={id}>{say('trust.ledger-id')}</label>
      <input
        id={id}
        value={given === null && !isWrong && value !== '' ? '' : text}
        spellcheck={false}
        autocomplete="off"
        placeholder={say('trust.ledger-id.form')}
        aria-invalid={isWrong}
        onInput={({ currentTarget }) => {
          const typed = currentTarget.value;
          setText(typed);
          const last = typed.trim().slice(typed.trim().lastIndexOf('/') + 1);
          if (/^[0-9a-f]{64}$/.test(last)) onGiven(last);
          else if (last === '' && given !== null) onGiven(null);
        }}
      />
    </span>
  );
}

function trustWords({ policy, ledgerId }: Trust, say: ReturnType<typeof usePage>['say']): string {
  if (policy !== null) return say('trust.policy', { name: policy.name });
  if (ledgerId !== null) return say('trust.id', { ledgerId });
  return say('trust.none');
}

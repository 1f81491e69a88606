// Ways to take what a page shows along: files, and paper.
import { useState } from 'preact/hooks';
import { type Asking, getBytes } from '../api/client.ts';
import { download } from '../download.ts';
import { usePage } from '../page-state.ts';
import type { Key } from '../text/words.ts';

export interface Export {
  readonly name: Key;
  readonly file: string;
  readonly type: string;
  /** Made here, or fetched from the gateway with the reader's token. */
  readonly content: (() => string | Uint8Array) | { readonly path: string };
}

export function ExportBar({ exports }: { exports: readonly Export[] }) {
  const { say, token } = usePage();
  const [fault, setFault] = useState('');
  return (
    <div class="exports">
      <fieldset>
        <legend>{say('export.title')}</legend>
        {exports.map((one) => (
          <button
            key={one.name + one.file}
            type="button"
            onClick={() => {
              save(one, { token }).then(setFault, (error: Error) => setFault(error.message));
            }}
          >
            {say(one.name)}
          </button>
        ))}
        <button type="button" onClick={() => print()}>
          {say('export.print')}
        </button>
      </fieldset>
      <p class="fault" aria-live="polite">
        {fault}
      </p>
    </div>
  );
}

/** '' or what went wrong. */
async function save({ file, type, content }: Export, asking: Asking): Promise<string> {
  if (typeof content === 'function') {
    download(file, type, content());
    return '';
  }
  const answer = await getBytes(content.path, { ...asking, accept: type });
  if (!answer.ok) return answer.failure.detail || answer.failure.kind;
  download(file, type, answer.value);
  return '';
}

export function jsonExport(file: string, value: unknown): Export {
  const content = () => `${JSON.stringify(value, null, 2)}\n`;
  return { name: 'export.json', file: `${file}.json`, type: 'application/json', content };
}

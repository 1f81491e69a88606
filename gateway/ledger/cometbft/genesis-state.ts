import { fromBase64, toBase64 } from '@truegrain/device-sdk/formats/bytes.js';

/** `app_state` of the engine's genesis file: the first leaves, charter and acceptances, in order. */
export interface GenesisState {
  entries: string[];
}

export function genesisStateOf(entries: readonly Uint8Array[]): GenesisState {
  return { entries: entries.map(toBase64) };
}

/** Throws: a genesis file that can't be read is the operator's to mend, before anything runs. */
export function parseGenesisState(bytes: Uint8Array): Uint8Array[] {
  const state = JSON.parse(new TextDecoder().decode(bytes)) as Partial<GenesisState>;
  if (!Array.isArray(state.entries)) throw new Error('the genesis file holds no entries');
  return state.entries.map((text, i) => {
    const entry = typeof text === 'string' ? fromBase64(text) : null;
    if (!entry) throw new Error(`genesis entry ${i} is not base64`);
    return entry;
  });
}

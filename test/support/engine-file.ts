import { findEngine } from '../../gateway/ledger/cometbft/engine-binary.ts';

/** Sought as the gateway does; a test never builds it. */
const found = await findEngine(process.env);

export const engineMissing = found.ok ? null : found.detail;
export const engineFile = found.ok ? found.value : '';

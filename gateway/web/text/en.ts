import { EN_PAGES } from './en-pages.ts';
import { EN_PROOFS } from './en-proofs.ts';
import { EN_TERMS } from './en-terms.ts';

/** Every sentence of the page in English. */
export const EN = { ...EN_TERMS, ...EN_PAGES, ...EN_PROOFS };

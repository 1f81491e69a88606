import { ZH_PAGES } from './zh-pages.ts';
import { ZH_PROOFS } from './zh-proofs.ts';
import { ZH_TERMS } from './zh-terms.ts';

/** Every sentence of the page in Chinese. */
export const ZH = { ...ZH_TERMS, ...ZH_PAGES, ...ZH_PROOFS };

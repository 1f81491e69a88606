// /.well-known/gs1resolver (GS1-Conformant resolver 1.2, clause 3).
import { GS1_KEYS } from '../epcis/gs1/gs1-key.ts';
import { GS1_VOCABULARY } from './link-type.ts';
import { LINKSET_CONTEXT } from './linkset.ts';

export function resolverDescription({ root, name }: { root: string; name: string }) {
  return {
    name,
    resolverRoot: root,
    supportedPrimaryKeys: GS1_KEYS,
    supportedLinkType: [{ namespace: GS1_VOCABULARY, prefix: 'gs1:' }],
    linkTypeDefaultCanBeLinkset: false,
    jsonLdContextLocation: LINKSET_CONTEXT,
  };
}

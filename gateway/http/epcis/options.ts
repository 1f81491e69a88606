// OPTIONS on every path: what the server can do there (EPCIS 2.0).
import type { FastifyInstance } from 'fastify';
import { CBV_VERSION, EPCIS_VERSION, VENDOR_VERSION } from './headers.ts';

const CAPABILITIES = {
  'gs1-epcis-min': EPCIS_VERSION,
  'gs1-epcis-max': EPCIS_VERSION,
  'gs1-cbv-min': CBV_VERSION,
  'gs1-cbv-max': CBV_VERSION,
  // All four are served; JSON is the one media type.
  'gs1-epc-format': 'No_Preference',
  'gs1-cbv-xml-format': 'Never_Translates',
  'gs1-vendor-version': VENDOR_VERSION,
};

/** Who may look at what an EPCIS repository says. */
export const EPCIS_READERS = { roles: ['operator', 'auditor', 'capture'] } as const;

export function discoveryRoute(
  app: FastifyInstance,
  url: string,
  { methods, headers = {} }: { methods: readonly string[]; headers?: Record<string, string> },
): void {
  app.options(
    url,
    {
      config: { access: EPCIS_READERS },
      schema: { tags: ['epcis'], summary: `What the server supports at ${url}` },
    },
    async (_request, reply) => {
      const allow = ['OPTIONS', ...methods].join(', ');
      return reply
        .code(204)
        .headers({ ...CAPABILITIES, ...headers, allow })
        .send();
    },
  );
}

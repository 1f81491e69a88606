// The QR code of a thing: its Digital Link at this resolver, with the ledger that speaks of it.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { FastifyInstance } from 'fastify';
import { CANONICAL_ORIGIN } from '../../epcis/gs1/digital-link.ts';
import { canonicalUri, epcFault } from '../../epcis/gs1/epc-translation.ts';
import { qrSvg } from '../../resolver/qr-code.ts';
import { readThing } from '../../resolver/thing.ts';
import type { HttpContext } from '../context.ts';
import { sendProblem } from '../problem.ts';
import { rootOf } from '../root-url.ts';
import { QUERIES } from '../schemas.ts';

export function qrRoutes(app: FastifyInstance, context: HttpContext): void {
  app.get<{ Querystring: { epc: string } }>(
    '/v1/qr',
    {
      // It is made of what was asked and of the ledger id, which is public.
      config: { access: 'public' },
      schema: {
        tags: ['resolver'],
        summary: 'QR code to print on a thing, level M with its quiet zone, as SVG',
        description: 'Holds <this gateway>/<Digital Link path>?ledger=<ledger id>.',
        querystring: QUERIES.qr,
        produces: ['image/svg+xml'],
      },
    },
    async (request, reply) => {
      const { epc } = request.query;
      const fault = epcFault(epc);
      const uri = canonicalUri(epc);
      const isKey = uri.startsWith(`${CANONICAL_ORIGIN}/`);
      const thing = isKey ? readThing(uri.slice(CANONICAL_ORIGIN.length)) : null;
      if (fault !== null || !thing?.ok) {
        const detail = fault ?? 'query/epc must be a GS1 key, as a Digital Link or an EPC URN';
        return sendProblem(reply, { code: 'digital_link', detail });
      }
      const root = rootOf(request, context);
      if (root === null) {
        const detail = 'The Host header is missing or not a host.';
        return sendProblem(reply, { code: 'invalid_request', detail });
      }
      const ledger = toHex(context.backend.ledgerId());
      reply.header('content-type', 'image/svg+xml');
      return reply.send(qrSvg(`${root}${thing.value.levels[0].path}?ledger=${ledger}`));
    },
  );
}

// Contents for other members: `POST /contents` on the members' door.
import { MEDIA_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { asBuffer } from '../http/context.ts';
import { sendProblem } from '../http/problem.ts';
import {
  ASK_BYTES_MAX,
  CONTENTS_BYTES_MAX,
  type ContentAnswer,
  type ContentAsk,
  encodeContents,
  parseAsks,
} from './contents-wire.ts';
import { type PeerRoutes, peerOf } from './peer-door.ts';

export type FoundContent = Exclude<ContentAnswer, { kind: 'later' }>;

/** What this member holds and whom it may show it: disclosure, grants and erasure by the ledger. */
export interface ContentSource {
  /** Leaves of the log whose state decides. */
  size(): number;
  /** `unheld` also where that leaf has another digest. */
  find(ask: ContentAsk, forIss: string): FoundContent;
}

export function contentsRoutes(source: ContentSource): PeerRoutes {
  return (app, { limits }) => {
    app.post(
      '/contents',
      {
        bodyLimit: ASK_BYTES_MAX,
        config: { rateLimit: { max: limits.contentsPerMinute, groupId: 'contents' } },
      },
      async (request, reply) => {
        const asks = parseAsks(request.body instanceof Uint8Array ? request.body : EMPTY);
        if (!asks.ok) {
          const detail = `${asks.code}: ${asks.detail}`;
          return sendProblem(reply, { code: 'invalid_request', detail });
        }
        const size = source.size();
        const answers = answersTo(asks.value, (ask) => source.find(ask, peerOf(request).iss));
        const body = encodeContents(asks.value, { size, answers });
        return reply.header('content-type', MEDIA_CBOR).send(asBuffer(body));
      },
    );
  };
}

const EMPTY = new Uint8Array();

/** In the order asked; once the answer is full nothing more is looked up for it. */
function answersTo(
  asks: readonly ContentAsk[],
  find: (ask: ContentAsk) => FoundContent,
): ContentAnswer[] {
  let left = CONTENTS_BYTES_MAX;
  let isFull = false;
  return asks.map((ask) => {
    if (isFull) return { kind: 'later' };
    const found = find(ask);
    if (found.kind !== 'bytes') return found;
    const { length } = found.bytes;
    if (length > CONTENTS_BYTES_MAX) return { kind: 'unheld' };
    isFull = length > left;
    if (isFull) return { kind: 'later' };
    left -= length;
    return found;
  });
}

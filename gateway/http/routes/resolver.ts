// GS1-Conformant resolver 1.2: Digital Link paths at the root of the gateway, and their QR codes.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OLD_NAMES } from '../../epcis/gs1/digital-link.ts';
import { GS1_KEYS, isGs1Key } from '../../epcis/gs1/gs1-key.ts';
import { chooseLink } from '../../resolver/choose-link.ts';
import { resolverDescription } from '../../resolver/description.ts';
import { type Link, type LinkContext, linksOf } from '../../resolver/link.ts';
import { DEFAULT_LINK, linkTypeUri } from '../../resolver/link-type.ts';
import {
  choicesOf,
  LINKSET_CONTEXT,
  type Linkset,
  linksetOf,
  MEDIA_LINKSET,
} from '../../resolver/linkset.ts';
import { readThing, type Thing } from '../../resolver/thing.ts';
import type { HttpContext } from '../context.ts';
import { acceptedOf } from '../epcis/accept.ts';
import { sendProblem } from '../problem.ts';
import { rootOf } from '../root-url.ts';

const METHODS = 'GET, HEAD, OPTIONS';
/** `all` is what release 1.1 called it. */
const LINKSET_WORDS = new Set(['linkset', 'all']);
const LINKSET_TYPES = [MEDIA_LINKSET, 'application/json', 'application/ld+json'] as const;

/** Old names of the keys; they lead to the numbers. */
const OLD_KEYS = [...OLD_NAMES].flatMap(([name, ai]) => (isGs1Key(ai) ? [name] : []));

export function resolverRoutes(app: FastifyInstance, context: HttpContext): void {
  const options = (summary: string) => ({
    config: { access: 'public' as const },
    schema: { tags: ['resolver'], summary },
  });
  app.get(
    '/.well-known/gs1resolver',
    options('What this GS1 Digital Link resolver supports'),
    async (request, reply) => {
      const root = rootOf(request, context);
      if (root === null) return sendProblem(reply, NO_HOST);
      return reply.send(resolverDescription({ root, name: context.resolver.name }));
    },
  );
  for (const key of [...GS1_KEYS, ...OLD_KEYS]) {
    const summary = `Links of the thing with this key (${key}), or a redirection to one of them`;
    app.get(`/${key}/*`, options(summary), async (request, reply) =>
      answer(request, reply, context),
    );
    app.options(`/${key}/*`, options('What may be asked'), async (request, reply) => {
      openToPages(reply);
      reply.headers({ allow: METHODS, 'access-control-allow-headers': 'accept, accept-language' });
      const [path] = split(request.url);
      const thing = readThing(path);
      const root = rootOf(request, context);
      if (thing.ok && root !== null) reply.header('link', linksetLink(root, thing.value));
      return reply.code(204).send();
    });
  }
}

const NO_HOST = { code: 'invalid_request', detail: 'The Host header is missing or not a host.' };

function answer(request: FastifyRequest, reply: FastifyReply, context: HttpContext): FastifyReply {
  openToPages(reply);
  reply.header('vary', 'accept, accept-language');
  const [path, search] = split(request.url);
  const thing = readThing(path);
  if (!thing.ok) {
    const detail = `${thing.code}: ${thing.detail}`;
    return sendProblem(reply, { code: 'digital_link', detail });
  }
  const root = rootOf(request, context);
  if (root === null) return sendProblem(reply, NO_HOST);
  if (!thing.value.isCanonical) {
    return reply.redirect(withQuery(`${root}${thing.value.levels[0].path}`, search), 308);
  }
  const contexts = linksOf(thing.value, { root, more: context.resolver.links });
  reply.header('link', linksetLink(root, thing.value));
  return resolve(request, reply, { contexts, search });
}

function resolve(
  request: FastifyRequest,
  reply: FastifyReply,
  { contexts, search }: { contexts: readonly LinkContext[]; search: string },
): FastifyReply {
  const { accept, 'accept-language': acceptLanguage } = request.headers;
  const wanted = new URLSearchParams(search).get('linkType');
  const named = namedLinksetType(accept);
  const isWanted = wanted !== null && LINKSET_WORDS.has(wanted);
  // With a link type, JSON is how the target may be; a linkset has a media type of its own.
  if (isWanted || named === MEDIA_LINKSET || (named !== null && wanted === null)) {
    return sendLinkset(reply, linksetOf(contexts), named ?? MEDIA_LINKSET);
  }
  const linkType = wanted === null ? DEFAULT_LINK : linkTypeUri(wanted);
  const [link, ...others] = chooseLink(contexts, { linkType, accept, acceptLanguage });
  if (link === undefined) {
    const detail = 'There is no link of this type; linkType=linkset lists those that there are.';
    return sendProblem(reply, { code: 'not_found', detail });
  }
  if (others.length > 0) {
    return sendLinkset(reply.code(300), choicesOf(contexts, [link, ...others]), MEDIA_LINKSET);
  }
  return reply.redirect(targetOf(link, search), 307);
}

/** Of the linkset's media types, that which the header names and prefers to HTML. */
function namedLinksetType(accept: string | undefined): string | null {
  const header = accept ?? '';
  const offers = ['text/html', ...LINKSET_TYPES].filter((type) => header.includes(type));
  const best = offers.length === 0 ? null : acceptedOf(header, offers);
  return best === 'text/html' ? null : best;
}

function sendLinkset(reply: FastifyReply, linkset: Linkset, type: string): FastifyReply {
  const rel = 'http://www.w3.org/ns/json-ld#context';
  const link = `<${LINKSET_CONTEXT}>; rel="${rel}"; type="application/ld+json"`;
  reply.header('link', [reply.getHeader('link'), link].join(', '));
  reply.header('content-type', type);
  if (type !== 'application/ld+json') return reply.send(linkset);
  return reply.send({ '@context': LINKSET_CONTEXT, ...linkset });
}

/** Clause 2.12: the query goes along as it came. */
function targetOf({ href, takesQuery }: Link, search: string): string {
  return takesQuery ? withQuery(href, search) : href;
}

function withQuery(href: string, search: string): string {
  if (search === '') return href;
  const [, before = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(href) ?? [];
  return `${before}${before.includes('?') ? '&' : '?'}${search}${fragment}`;
}

function split(url: string): readonly [path: string, search: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function linksetLink(root: string, thing: Thing): string {
  const href = `${root}${thing.levels[0].path}?linkType=linkset`;
  return `<${href}>; rel="linkset"; type="${MEDIA_LINKSET}"`;
}

/** The standard has pages of other hosts read links; a token can't be sent, only these headers. */
function openToPages(reply: FastifyReply): void {
  reply.headers({
    'access-control-allow-methods': METHODS,
    'access-control-expose-headers': 'link, location',
  });
}

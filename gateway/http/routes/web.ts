// The auditor's page and the consumer's: files that `npm run build` made, held in memory.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type HttpContext, notFound } from '../context.ts';
import { immutable } from '../headers.ts';

/**
 * Only what this gateway serves under the page's own path may act in it, nothing inline; text that
 * others wrote can't become markup even by a bug, as no script may parse HTML (trusted types).
 */
const PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Their names carry the digest of what is in them. */
const HASHED = /^assets\//;

interface PageFile {
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  readonly type: string;
}

/** From source as from `dist`, the bundle lies in gateway/web/dist. */
export const PAGE_FOLDER = pageFolder(dirname(fileURLToPath(import.meta.url)));

function pageFolder(here: string): string {
  const gateway = dirname(dirname(here));
  return join(basename(gateway) === 'dist' ? dirname(gateway) : gateway, 'web', 'dist');
}

export function webRoutes(app: FastifyInstance, _context: HttpContext): void {
  const files = pageFiles(PAGE_FOLDER);
  const options = (summary: string) => ({
    config: { access: 'public' as const },
    schema: { tags: ['page'], summary, produces: ['text/html'] },
  });
  app.get('/', options('To the auditor’s page'), async (_request, reply) => {
    return reply.redirect('/ui/', 302);
  });
  app.get('/ui', options('To the auditor’s page'), async (_request, reply) => {
    return reply.redirect('/ui/', 308);
  });
  app.get('/ui/', options('The auditor’s page'), async (request, reply) => {
    return send(request, reply, files.get('index.html'));
  });
  app.get<{ Params: { '*': string } }>(
    '/ui/c/*',
    options('The page of one product, for whoever scans its code'),
    async (request, reply) => send(request, reply, files.get('consumer.html')),
  );
  app.get<{ Params: { '*': string } }>(
    '/ui/*',
    options('A script, style or picture of the page'),
    async (request, reply) => {
      const name = request.params['*'];
      if (HASHED.test(name)) reply.header('cache-control', immutable('public'));
      return send(request, reply, files.get(name));
    },
  );
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile | undefined) {
  if (file === undefined) {
    reply.header('cache-control', 'no-store');
    return notFound(reply, 'page (is it built? `npm run build`)');
  }
  reply.header('content-type', file.type).header('content-security-policy', PAGE_CSP);
  reply.header('vary', 'accept-encoding');
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache');
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(file.bytes);
  return reply.header('content-encoding', 'gzip').send(file.gzipped);
}

/** By path below the folder; empty where the page was not built. Nothing else can be asked for. */
function pageFiles(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    names.flatMap((name) => {
      const type = MEDIA_TYPES[extname(name)];
      if (type === undefined) return [];
      const path = join(folder, name);
      const bytes = readFileSync(path);
      const gzipped = gzipSync(bytes);
      return [[relative(folder, path).replaceAll(sep, '/'), { bytes, gzipped, type }]];
    }),
  );
}

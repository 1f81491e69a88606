// Findings as they come: server-sent events (WHATWG HTML §9.2), one a finding, after each COMMIT.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FindingsQuery, TraceBackend } from './trace-backend.ts';

/** Open streams of one gateway; each holds a socket. */
export const STREAMS_MAX = 64;
const HEARTBEAT_MS = 15_000;
/** Commits come many a second; findings are looked for at most this often. */
const LOOK_EVERY_MS = 250;
const FINDINGS_A_LOOK = 100;
/** A reader this far behind is cut off; it comes back with the id of what it had last. */
const UNREAD_BYTES_MAX = 1_048_576;

type Filter = Pick<FindingsQuery, 'kind' | 'subject' | 'device'>;

/** Sends from `after` on until the reader goes away. */
export class FindingsStream {
  readonly #trace: TraceBackend;
  readonly #reply: FastifyReply;
  readonly #filter: Filter;
  #after: string;
  #isLooking = false;
  #isDue = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #undo: (() => void)[] = [];

  constructor(parts: { trace: TraceBackend; reply: FastifyReply; filter: Filter; after: string }) {
    this.#trace = parts.trace;
    this.#reply = parts.reply;
    this.#filter = parts.filter;
    this.#after = parts.after;
  }

  open(request: FastifyRequest, onClosed: () => void): void {
    const { raw } = this.#reply;
    const headers = this.#reply.getHeaders();
    this.#reply.hijack();
    raw.writeHead(200, {
      ...(headers as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write(`retry: ${HEARTBEAT_MS}\n\n`);
    const heartbeat = setInterval(() => {
      this.#write(': here\n\n');
      // Blocks of other members may come in without a commit at this door, and a hand-over's other
      // half is missing by time alone.
      this.#wake();
    }, HEARTBEAT_MS);
    heartbeat.unref();
    this.#undo.push(
      () => clearInterval(heartbeat),
      this.#trace.onCommitted(() => this.#wake()),
      onClosed,
    );
    request.raw.once('close', () => this.close());
    raw.once('error', () => this.close());
    this.#wake();
  }

  close(): void {
    for (const undo of this.#undo.splice(0)) undo();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#reply.raw.end();
  }

  #wake(): void {
    this.#isDue = true;
    if (this.#timer || this.#isLooking || this.#undo.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#look().catch(() => this.close());
    }, LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#isDue = false;
    const query = { ...this.#filter, after: this.#after, limit: FINDINGS_A_LOOK };
    const page = await this.#trace.findings(query);
    this.#isLooking = false;
    // The cursor was checked when the stream was opened.
    if (!page.ok) return this.close();
    for (const { cursor, id: _, ...finding } of page.value.findings) {
      this.#write(`id: ${cursor}\ndata: ${JSON.stringify(finding)}\n\n`);
    }
    this.#after = page.value.next ?? page.value.end;
    if (page.value.next !== null || this.#isDue) this.#wake();
  }

  #write(text: string): void {
    const { raw } = this.#reply;
    if (raw.writableLength > UNREAD_BYTES_MAX) this.close();
    else if (!raw.destroyed) raw.write(text);
  }
}

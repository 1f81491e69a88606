// Server-sent events (HTML Living Standard §9.2) over fetch, as EventSource can't send a token.
import { type Asking, type Failure, failureOf, request } from './client.ts';

/** Calls `onData` for every event until the signal or the server ends it; a failure where it never began. */
export async function followEvents(
  path: string,
  asking: Asking,
  onData: (data: string) => void,
): Promise<Failure | null> {
  try {
    const response = await request(path, { ...asking, accept: 'text/event-stream' });
    if (!response.ok) return await failureOf(response, asking.token !== null);
    if (response.body === null) return null;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader(onData);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return null;
      events.take(value);
    }
  } catch (error) {
    if (asking.signal?.aborted) return null;
    return { kind: 'unreachable', detail: (error as Error).message };
  }
}

/** Lines of the stream to the data of events; other fields mean nothing here. */
export class EventReader {
  #rest = '';
  #data: string[] = [];
  readonly #onData: (data: string) => void;

  constructor(onData: (data: string) => void) {
    this.#onData = onData;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line.startsWith('data:')) this.#data.push(line.slice(5).replace(/^ /, ''));
    if (line !== '' || this.#data.length === 0) return;
    this.#onData(this.#data.join('\n'));
    this.#data = [];
  }
}

import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { CliError, EXIT, type Terminal } from './terminal.ts';

export interface ClientOptions {
  url: string;
  token?: string;
}

export const URL_DEFAULT = 'http://127.0.0.1:8080';

export function withGateway(command: Command): Command {
  return command
    .option('--url <url>', 'a running gateway', URL_DEFAULT)
    .option('--token <token>', 'bearer token (else TRUEGRAIN_TOKEN)');
}

/** Asks a running gateway over its HTTP API. */
export class GatewayClient {
  readonly #base: string;
  readonly #token: string;

  constructor({ url, token }: ClientOptions, terminal: Terminal) {
    if (!URL.canParse(url)) throw new CliError(EXIT.usage, `--url ${url} is not a URL`);
    this.#base = url.replace(/\/+$/, '');
    this.#token = token ?? terminal.env['TRUEGRAIN_TOKEN'] ?? '';
    if (this.#token === '') {
      const help = 'give --token or TRUEGRAIN_TOKEN (`truegrain token add` makes one)';
      throw new CliError(EXIT.usage, `this command needs a token: ${help}`);
    }
  }

  async get(path: string): Promise<unknown> {
    return (await this.#request(path, {})).json();
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.#request(path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return response.json();
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#request(path, {})).arrayBuffer());
  }

  async stream(path: string): Promise<Readable> {
    const { body } = await this.#request(path, {});
    return body
      ? Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
      : Readable.from([]);
  }

  async #request(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
      response = await fetch(`${this.#base}${path}`, { ...init, headers });
    } catch (error) {
      throw unreachable(this.#base, error as Error);
    }
    if (!response.ok) throw await refusalOf(response);
    return response;
  }
}

function unreachable(base: string, error: Error): CliError {
  const { code, message } = (error.cause ?? error) as { code?: string; message: string };
  const why = code === 'ECONNREFUSED' ? 'nothing listens there; is the gateway running?' : message;
  return new CliError(EXIT.gateway, `${base} can't be reached: ${why}`, { cause: error });
}

/** RFC 9457, or whatever a proxy in between answered. */
async function refusalOf(response: Response): Promise<CliError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as { type?: string; title?: string; detail?: string };
    const { type, title, detail } = problem;
    const said = [title, detail].filter(Boolean).join(': ');
    const code = /\/x-problems\/(\w+)$/.exec(type ?? '')?.[1];
    const status = code === undefined ? `${response.status}` : `${response.status} ${code}`;
    return new CliError(EXIT.gateway, `the gateway refused (${status}): ${said}`);
  } catch {
    return new CliError(EXIT.gateway, `the gateway refused (${response.status})`);
  }
}

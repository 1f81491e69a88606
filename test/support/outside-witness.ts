// A witness outside the alliance: C2SP tlog-witness' add-checkpoint over plain HTTP, one origin.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { cosign } from '../../device-sdk/formats/cosignature.ts';
import { formatVkey } from '../../device-sdk/formats/note.ts';
import { sampleSigner } from './sample-members.ts';

const NAME = 'outside.invalid/witness';

/** Takes consistency on trust: what is tested is that it is asked, and what becomes of its line. */
export class OutsideWitness {
  readonly name = NAME;
  readonly vkey: string;
  readonly url: string;
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { key } = sampleSigner('outside', -8);
    if (key.kty !== 'OKP') throw new TypeError('Ed25519');
    this.vkey = formatVkey(NAME, 4, key.x);
  }

  static async open(): Promise<OutsideWitness> {
    let size = 0;
    const server = http.createServer(async (request, response) => {
      const body = (await request.setEncoding('utf8').toArray()).join('');
      const [first = ''] = body.split('\n');
      const note = body.slice(body.indexOf('\n\n') + 2);
      if (first !== `old ${size}`) {
        response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${size}\n`);
        return;
      }
      size = Number(note.split('\n')[1]);
      const signer = sampleSigner('outside', -8);
      const timeSeconds = Math.floor(Date.now() / 1_000);
      const text = note.slice(0, note.indexOf('\n\n') + 1);
      response.end(cosign(text, { name: NAME, signer, timeSeconds }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new OutsideWitness(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

// A gateway in one file for device tests: a real broker (aedes), a real Merkle tree, real receipts,
// and a script that says what to do with each frame. It keeps no rules: the device's own are tested.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { encodeBatch } from '../../device-sdk/formats/batch.ts';
import { fromBase64Url, toHex } from '../../device-sdk/formats/bytes.ts';
import { keyThumbprint, parseCoseKey } from '../../device-sdk/formats/cose-key.ts';
import { type Downlink, encodeDownlink } from '../../device-sdk/formats/downlink.ts';
import { verifyEnrolmentProof } from '../../device-sdk/formats/enrolment.ts';
import { type Frame, parseFrame } from '../../device-sdk/formats/frame.ts';
import { MEDIA_BATCH } from '../../device-sdk/formats/media-types.ts';
import { inclusionPath, leafHash, rootOf } from '../../device-sdk/formats/merkle.ts';
import { formatVkey } from '../../device-sdk/formats/note.ts';
import { signReceipt } from '../../device-sdk/formats/receipt.ts';
import type { ListableRefusalCode, RefusalCode } from '../../device-sdk/formats/refusal.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import { softSigner } from '../../device-sdk/formats/signer.ts';
import {
  parseStatement,
  type Statement,
  signStatement,
} from '../../device-sdk/formats/statement.ts';
import { parseTopic, topicOf } from '../../device-sdk/formats/topic.ts';

export interface Arrived extends Frame {
  readonly statement: Uint8Array;
  readonly parsed: Statement;
  /** How often this statement has come, this time included. */
  readonly times: number;
}

export type Reaction =
  /** Accepted, then its receipt. */
  | 'receipt'
  | 'accept'
  /** PUBACKed and nothing more. */
  | 'silent'
  | 'no-puback'
  /** Closes the connection instead of answering. */
  | 'hang-up'
  | { readonly refuse: RefusalCode }
  | { readonly list: ListableRefusalCode }
  | { readonly answer: (gateway: FakeGateway, arrived: Arrived) => void };

const LEDGER_NAME = 'ledger.example.org/cold-chain';

export class FakeGateway {
  readonly charter = new TextEncoder().encode('charter');
  readonly ledgerId = sha256(this.charter);
  readonly origin = `${LEDGER_NAME}/${toHex(this.ledgerId)}`;
  readonly logSigner = softSigner(-8, new Uint8Array(32).fill(7));
  readonly gatewaySigner = softSigner(-8, new Uint8Array(32).fill(8));
  readonly arrived: Arrived[] = [];
  readonly leaves: Uint8Array[] = [leafHash(this.charter)];
  /** Statement id (hex) to leaf index. */
  readonly indexes = new Map<string, number>();
  react: (arrived: Arrived) => Reaction = () => 'receipt';
  connections = 0;
  mqttPort = 0;
  httpPort = 0;
  readonly requests: { path: string; body: Record<string, unknown> }[] = [];
  httpAnswer: (path: string, body: Record<string, unknown>) => [number, unknown] = (path, body) =>
    path === '/v1/enrol' ? this.registered(body) : [404, { code: 'not_found' }];
  #batches = 0;
  #said: Promise<void> = Promise.resolve();
  #broker: Aedes | null = null;
  #server: net.Server | null = null;
  #http: http.Server | null = null;
  readonly #sockets = new Set<net.Socket>();
  #waiting: (() => void)[] = [];

  get policy(): string {
    const vkey = formatVkey(this.origin, 1, (this.logSigner.key as { x: Uint8Array }).x);
    return `log ${vkey}\nquorum none\n`;
  }

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.mqttPort}`;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  async open(): Promise<this> {
    const broker = await Aedes.createBroker({
      concurrency: 100,
      authenticate: (client, username, password, done) => {
        const isIt = username === client?.id && password?.toString() === 'secret';
        if (isIt) done(null, true);
        else done(Object.assign(new Error('credentials'), { returnCode: 4 }) as never, false);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const own = subscription.topic === topicOf(client?.id ?? '', 'down');
        done(null, own ? subscription : null);
      },
      authorizePublish: (client, packet, done) => {
        if (client === null) done(null);
        else this.#arrive(client.id, packet.topic, packet.payload as Buffer, done);
      },
    });
    this.#broker = broker;
    this.#server = net.createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      broker.handle(socket);
      this.notify();
    });
    await listen(this.#server, this.mqttPort);
    this.mqttPort = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Everybody is cut off, as by a pulled plug. */
  async close(): Promise<void> {
    const server = this.#server;
    const broker = this.#broker;
    this.#server = null;
    this.hangUp();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
    if (broker !== null) await new Promise<void>((resolve) => broker.close(() => resolve()));
    const web = this.#http;
    this.#http = null;
    web?.closeAllConnections();
    if (web !== null) await new Promise((resolve) => web.close(resolve));
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async openHttp(): Promise<this> {
    this.#http = http.createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('end', () => {
        const path = decodeURIComponent(request.url ?? '');
        if (path === '/log/checkpoint') {
          response.end(`${this.origin}\n1\nAAAA\n\n`);
          return;
        }
        const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
        this.requests.push({ path, body });
        const [status, answer] = this.httpAnswer(path, body);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    });
    await listen(this.#http, 0);
    this.httpPort = (this.#http.address() as AddressInfo).port;
    return this;
  }

  /** What a gateway answers to /v1/enrol, the proof checked as the ledger checks it. */
  registered(body: Record<string, unknown>, token = 'one-time'): [number, unknown] {
    const key = parseCoseKey(bytesOf(body['coseKey']));
    if (!key.ok) return [400, { code: 'invalid_request' }];
    const device = String(body['device']);
    const expected = {
      device,
      key: key.value,
      ledgerId: this.ledgerId,
      token: sha256(new TextEncoder().encode(token)),
    };
    const proof = verifyEnrolmentProof(bytesOf(body['proof']), expected);
    if (!proof.ok) return [422, { code: 'proof', detail: proof.code }];
    return [201, this.registration(device, keyThumbprint(key.value))];
  }

  registration(device: string, kid: Uint8Array) {
    return {
      device,
      kid: toHex(kid),
      id: '00'.repeat(32),
      leafIndex: 1,
      logTimeMs: 0,
      ledgerId: toHex(this.ledgerId),
      origin: this.origin,
      policy: this.policy,
      mqtt: { url: this.mqttUrl, username: device, password: 'secret' },
    };
  }

  say(device: string, message: Downlink | Uint8Array): void {
    const payload = Buffer.from(message instanceof Uint8Array ? message : encodeDownlink(message));
    const topic = topicOf(device, 'down');
    const packet = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false } as const;
    // One after the other: aedes routes concurrent publishes in any order.
    this.#said = this.#said.then(
      () =>
        new Promise((resolve) => {
          const broker = this.#server === null ? null : this.#broker;
          if (broker === null) resolve();
          else broker.publish(packet as never, () => resolve());
        }),
    );
  }

  /** Into the log, once; the index of its leaf. */
  append(statement: Statement): number {
    const key = toHex(statement.id);
    const known = this.indexes.get(key);
    if (known !== undefined) return known;
    this.leaves.push(leafHash(statement.entry));
    this.indexes.set(key, this.leaves.length - 1);
    return this.leaves.length - 1;
  }

  receiptAt(index: number, sub: string, how: { iss?: string; iat?: number } = {}): Uint8Array {
    const { iss = `https://${this.origin}`, iat = null } = how;
    return signReceipt({
      signer: this.logSigner,
      fields: { iss, sub, iat, root: rootOf(this.leaves) },
      proofs: [{ size: this.leaves.length, index, path: inclusionPath(this.leaves, index) }],
    });
  }

  receipt(statement: Statement): Uint8Array {
    return this.receiptAt(this.append(statement), statement.sub);
  }

  /** A batch statement in the log that lists these refusals, with its receipt. */
  batchListing(
    refusals: { id: Uint8Array; code: ListableRefusalCode }[],
    how: { logTimeMs?: number; ledgerId?: Uint8Array } = {},
  ): { statement: Uint8Array; receipt: Uint8Array } {
    const { logTimeMs = 1_795_000_000_000, ledgerId = this.ledgerId } = how;
    const law = { edition: null, rulings: [] };
    const root = { count: 0, batchRoot: rootOf([]), grades: new Uint8Array(0), ...law };
    const bytes = encodeBatch({ ...root, judgedAt: this.leaves.length, logTimeMs, refusals });
    const seq = ++this.#batches;
    const signed = signStatement(
      {
        iss: 'https://member.example',
        sub: LEDGER_NAME,
        iat: Math.floor(logTimeMs / 1000),
        payload: { kind: 'inline', contentType: MEDIA_BATCH, bytes },
        seq,
        prev: seq === 1 ? null : new Uint8Array(32),
        ledgerId,
        device: null,
      },
      this.gatewaySigner,
    );
    const parsed = parseStatement(signed.bytes);
    if (!parsed.ok) throw new Error(parsed.code);
    return { statement: signed.bytes, receipt: this.receipt(parsed.value) };
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Conditions are looked at again: after each frame, and whenever a test says so. */
  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #arrive(device: string, topic: string, payload: Uint8Array, done: (e?: null) => void): void {
    const parts = parseFrame(Uint8Array.from(payload));
    if (!parts.ok || parseTopic(topic)?.device !== device) throw new Error('not a frame');
    const parsed = parseStatement(parts.value.statement);
    if (!parsed.ok) throw new Error(parsed.code);
    const id = toHex(parsed.value.id);
    const times = 1 + this.arrived.filter((one) => toHex(one.parsed.id) === id).length;
    const arrived = { ...parts.value, parsed: parsed.value, times };
    this.arrived.push(arrived);
    const reaction = this.react(arrived);
    if (reaction === 'hang-up') this.hangUp();
    else if (reaction !== 'no-puback') {
      done(null);
      this.#answer(device, arrived, reaction);
    }
    this.notify();
  }

  #answer(
    device: string,
    arrived: Arrived,
    reaction: Exclude<Reaction, 'hang-up' | 'no-puback'>,
  ): void {
    const { parsed } = arrived;
    const { id } = parsed;
    if (reaction === 'silent') return;
    if (typeof reaction === 'object') {
      if ('answer' in reaction) reaction.answer(this, arrived);
      else if ('refuse' in reaction) {
        this.say(device, { kind: 'refused', id, code: reaction.refuse, batch: null });
      } else {
        const batch = this.batchListing([{ id, code: reaction.list }]);
        this.say(device, { kind: 'refused', id, code: reaction.list, batch });
      }
      return;
    }
    this.say(device, { kind: 'accepted', id });
    if (reaction === 'receipt') {
      this.say(device, { kind: 'receipt', id, receipt: this.receipt(parsed) });
    } else this.append(parsed);
  }
}

function listen(server: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function bytesOf(value: unknown): Uint8Array {
  return fromBase64Url(String(value)) ?? new Uint8Array(0);
}

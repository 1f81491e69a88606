import { readFileSync } from 'node:fs';
import net from 'node:net';

/**
 * The load generator, a process of its own: plays frames signed beforehand over raw MQTT 3.1.1
 * sockets, so that its own CPU stays out of what is measured. Prints one JSON line.
 *
 * argv: port, file of frames, frames in flight per connection, frames per second (0 = no limit),
 * "receipts" to subscribe and time publish → receipt.
 */
interface Device {
  urn: string;
  password: string;
  frames: Buffer[];
}

/** A receipt that found a full socket comes to those alone who send their frame again. */
const SILENCE_MS_MAX = 30_000;

const [portText, file, windowText, rateText, mode] = process.argv.slice(2);
const port = Number(portText);
const inFlightMax = Number(windowText);
const perSecond = Number(rateText);
const wantsReceipts = mode === 'receipts';

function readDevices(bytes: Buffer): Device[] {
  const headLength = bytes.readUInt32BE(0);
  const head = JSON.parse(bytes.toString('utf8', 4, 4 + headLength)) as {
    devices: { urn: string; password: string; lengths: number[] }[];
  };
  let at = 4 + headLength;
  return head.devices.map(({ urn, password, lengths }) => ({
    urn,
    password,
    frames: lengths.map((length) => {
      at += length;
      return bytes.subarray(at - length, at);
    }),
  }));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packet(type: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest % 128) | (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

class Connection {
  readonly #device: Device;
  readonly #socket: net.Socket;
  readonly #sentMs: number[] = [];
  readonly #onDone: () => void;
  #received: Buffer = Buffer.alloc(0);
  #next = 0;
  #acked = 0;
  #answered = 0;
  #allowed: number;
  readonly latenciesMs: number[] = [];

  constructor(device: Device, onReady: () => void, onDone: () => void) {
    this.#device = device;
    this.#onDone = onDone;
    this.#allowed = perSecond > 0 ? 0 : Number.POSITIVE_INFINITY;
    this.#socket = net.connect(port, '127.0.0.1', () => {
      this.#socket.setNoDelay(true);
      const head = Buffer.concat([text('MQTT'), Buffer.from([4, 0b1100_0010, 0, 120])]);
      const body = [head, text(device.urn), text(device.urn), text(device.password)];
      this.#socket.write(packet(0x10, Buffer.concat(body)));
      if (wantsReceipts) {
        const topic = text(`tg/1/${device.urn}/down`);
        this.#socket.write(
          packet(0x82, Buffer.concat([Buffer.from([0, 1]), topic, Buffer.from([0])])),
        );
      }
    });
    this.#socket.on('data', (chunk) => this.#read(chunk, onReady));
    this.#socket.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    });
  }

  allow(frames: number): void {
    this.#allowed += frames;
    this.pump();
  }

  pump(): void {
    this.#socket.cork();
    const topic = text(`tg/1/${this.#device.urn}/up`);
    while (this.#next < this.#device.frames.length && this.#next - this.#acked < inFlightMax) {
      if (this.#next >= this.#allowed) break;
      const frame = this.#device.frames[this.#next];
      if (!frame) break;
      const id = Buffer.from([((this.#next % 65_535) + 1) >> 8, ((this.#next % 65_535) + 1) & 255]);
      this.#sentMs.push(performance.now());
      this.#socket.write(packet(0x32, Buffer.concat([topic, id, frame])));
      this.#next += 1;
    }
    this.#socket.uncork();
  }

  /** Acknowledged, or answered where receipts are waited for. */
  get answered(): number {
    return wantsReceipts ? this.#answered : this.#acked;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer, onReady: () => void): void {
    this.#received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk;
    for (;;) {
      const size = packetSize(this.#received);
      if (size === null || this.#received.length < size.total) break;
      this.#take(this.#received.subarray(0, size.total), size.head, onReady);
      this.#received = this.#received.subarray(size.total);
    }
    this.pump();
    if (this.answered === this.#device.frames.length) this.#onDone();
  }

  #take(bytes: Buffer, head: number, onReady: () => void): void {
    const type = (bytes[0] ?? 0) >> 4;
    if (type === 2) {
      if (bytes[3] !== 0) throw new Error(`CONNACK ${bytes[3]}`);
      if (!wantsReceipts) onReady();
    } else if (type === 9) onReady();
    else if (type === 4) this.#acked += 1;
    else if (type === 3) this.#downlink(bytes, head);
  }

  /** CBOR [2, id, receipt] and [3, …] end a frame's way; [1, id] does not. */
  #downlink(bytes: Buffer, head: number): void {
    const qos = ((bytes[0] ?? 0) >> 1) & 3;
    const topicEnd = head + 2 + bytes.readUInt16BE(head);
    if (qos > 0)
      this.#socket.write(
        Buffer.concat([Buffer.from([0x40, 2]), bytes.subarray(topicEnd, topicEnd + 2)]),
      );
    const kind = bytes[topicEnd + (qos > 0 ? 2 : 0) + 1];
    if (kind === 1) return;
    // Answers come in order for one device: the oldest unanswered frame is meant.
    const sentMs = this.#sentMs[this.#answered];
    if (sentMs !== undefined && kind === 2) this.latenciesMs.push(performance.now() - sentMs);
    this.#answered += 1;
  }
}

function packetSize(bytes: Buffer): { head: number; total: number } | null {
  let length = 0;
  for (let i = 1; i < Math.min(5, bytes.length); i += 1) {
    const byte = bytes[i] ?? 0;
    length += (byte & 127) * 128 ** (i - 1);
    if (byte < 128) return { head: i + 1, total: i + 1 + length };
  }
  return null;
}

async function main(): Promise<void> {
  const devices = readDevices(readFileSync(file ?? ''));
  const total = devices.reduce((sum, device) => sum + device.frames.length, 0);
  let ready = 0;
  let done = 0;
  const connections: Connection[] = [];
  await new Promise<void>((resolve) => {
    for (const device of devices) {
      const onReady = () => {
        ready += 1;
        if (ready === devices.length) resolve();
      };
      connections.push(
        new Connection(device, onReady, () => {
          done += 1;
        }),
      );
    }
  });
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (const connection of connections) connection.pump();
  let offered = 0;
  let answers = 0;
  let movedMs = started;
  while (done < connections.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const seen = connections.reduce((sum, { answered }) => sum + answered, 0);
    if (seen !== answers) movedMs = performance.now();
    answers = seen;
    if (performance.now() - movedMs > SILENCE_MS_MAX) {
      throw new Error(`${total - answers} of ${total} frames are not answered`);
    }
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond) - offered;
    const each = perSecond > 0 ? Math.floor(due / connections.length) : 0;
    if (each > 0) {
      offered += each * connections.length;
      for (const connection of connections) connection.allow(each);
    }
  }
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const latencies = connections
    .flatMap((connection) => connection.latenciesMs)
    .sort((a, b) => a - b);
  const at = (q: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? null;
  process.stdout.write(
    `${JSON.stringify({
      total,
      seconds,
      perSecond: total / seconds,
      cpuCores: (used.user + used.system) / 1e6 / seconds,
      receipts: latencies.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    })}\n`,
  );
  for (const connection of connections) connection.close();
}

await main();

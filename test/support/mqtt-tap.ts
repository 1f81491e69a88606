// A carrier between device and gateway who may change every frame that passes.
import net from 'node:net';
import { fixedHeader, PacketSplitter } from '../../sim/mqtt-wire.ts';

const PUBLISH = 3;

export class MqttTap {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: net.Server) {
    this.#server = server;
  }

  /** `change` gets each uplink payload and gives what goes on instead. */
  static async open(
    gateway: { host: string; port: number },
    change: (payload: Uint8Array) => Uint8Array,
  ): Promise<MqttTap> {
    const server = net.createServer();
    const tap = new MqttTap(server);
    server.on('connection', (device) => tap.#join(device, net.connect(gateway), change));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get url(): string {
    const { port } = this.#server.address() as net.AddressInfo;
    return `mqtt://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(
    device: net.Socket,
    gateway: net.Socket,
    change: (payload: Uint8Array) => Uint8Array,
  ): void {
    for (const [one, other] of [
      [device, gateway],
      [gateway, device],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    gateway.pipe(device);
    const splitter = new PacketSplitter();
    device.on('data', (chunk) => {
      for (const { first, body } of splitter.push(chunk)) {
        const passed = first >> 4 === PUBLISH ? changed(body, change) : body;
        gateway.write(Buffer.concat([fixedHeader(first, passed.length), passed]));
      }
    });
  }
}

/** A PUBLISH of QoS 1: topic, packet id, payload. */
function changed(body: Uint8Array, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  const topicLength = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
  const payloadAt = 2 + topicLength + 2;
  return Buffer.concat([body.subarray(0, payloadAt), change(body.subarray(payloadAt))]);
}

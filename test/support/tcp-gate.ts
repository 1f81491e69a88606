// A TCP proxy that stands where others are told to reach a member: a network that can be cut.
import net from 'node:net';
import { ownerOfPort } from './socket-owner.ts';

export class TcpGate {
  readonly port: number;
  readonly #server: net.Server;
  /** Those of who dials, each with the one to the target. */
  readonly #passing = new Map<net.Socket, net.Socket>();
  #target = 0;
  /** Processes that are let through; null for all. */
  #only: readonly number[] | null = null;

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
    server.on('connection', (near) => this.#pass(near));
  }

  /** On a free port of 127.0.0.1. */
  static async open(): Promise<TcpGate> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TcpGate(server);
  }

  /** Port of 127.0.0.1 that is meant. */
  leadsTo(port: number): this {
    this.#target = port;
    return this;
  }

  /** Connections end, new ones are accepted and end too. */
  cut(): void {
    this.passOnly([]);
  }

  /** A network in parts: what these processes have open stays, all else ends. */
  passOnly(pids: readonly number[]): void {
    this.#only = pids;
    for (const near of this.#passing.keys()) if (!this.#passes(near)) near.destroy();
  }

  mend(): void {
    this.#only = null;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #passes({ remotePort }: net.Socket): boolean {
    if (this.#only === null) return true;
    return remotePort !== undefined && ownerOfPort(remotePort, this.#only) !== null;
  }

  #pass(near: net.Socket): void {
    if (!this.#passes(near)) {
      near.destroy();
      return;
    }
    const far = net.connect(this.#target, '127.0.0.1');
    this.#passing.set(near, far);
    near.on('close', () => this.#passing.delete(near));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }
}

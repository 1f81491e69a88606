import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CallerCheck, presentedCertificate } from './caller.ts';
import type { Peer, PeerDirectory } from './directory.ts';

interface Connected {
  readonly leaf: X509Certificate | null;
  /** Whom it was found to be the last time. */
  peer: Peer | null;
}

/** The open connections of the door, and which member each of them is. */
export class ConnectedCallers {
  readonly #directory: PeerDirectory;
  readonly #nowMs: () => number;
  readonly #check = new CallerCheck();
  readonly #connected = new Map<Socket, Connected>();

  constructor(directory: PeerDirectory, nowMs: () => number) {
    this.#directory = directory;
    this.#nowMs = nowMs;
  }

  add(socket: TLSSocket): void {
    this.#connected.set(socket, { leaf: presentedCertificate(socket), peer: null });
    socket.once('close', () => this.#connected.delete(socket));
  }

  /** By today's members, at each request: a connection outlives a membership. */
  find(socket: Socket): Peer | null {
    const connected = this.#connected.get(socket);
    if (!connected?.leaf) return null;
    const known = [...this.#directory.peers(), ...this.#directory.own()];
    connected.peer = this.#check.find(connected.leaf, known, this.#nowMs());
    return connected.peer;
  }

  /** Cuts who is no longer the member it was. */
  cutThoseWhoLeft(): void {
    for (const [socket, { peer }] of this.#connected) {
      if (peer !== null && this.find(socket)?.iss !== peer.iss) socket.destroy();
    }
  }
}

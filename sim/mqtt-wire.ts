// MQTT 3.1.1 by hand: a simulated attacker must be able to send what no client library sends.

export function mqttText(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function uint16(value: number): Uint8Array {
  return Buffer.from([value >> 8, value & 255]);
}

/** §2.2: type and flags, then the remaining length in one to four bytes. */
export function fixedHeader(first: number, length: number): Uint8Array {
  const header = [first];
  let rest = length;
  do {
    const low = rest & 127;
    rest >>>= 7;
    header.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return Buffer.from(header);
}

export function packet(first: number, ...body: Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(body);
  return Buffer.concat([fixedHeader(first, bytes.length), bytes]);
}

export function connectPacket(who: { clientId: string; username: string; password: string }) {
  const cleanSessionWithCredentials = 0xc2;
  const keepAliveS = 60;
  return packet(
    0x10,
    mqttText('MQTT'),
    Buffer.from([4, cleanSessionWithCredentials]),
    uint16(keepAliveS),
    mqttText(who.clientId),
    mqttText(who.username),
    mqttText(who.password),
  );
}

export function publishPacket(topic: string, packetId: number, payload: Uint8Array): Uint8Array {
  return packet(0x32, mqttText(topic), uint16(packetId), payload);
}

export function subscribePacket(packetId: number, topic: string): Uint8Array {
  return packet(0x82, uint16(packetId), mqttText(topic), Buffer.from([1]));
}

export interface ControlPacket {
  readonly first: number;
  readonly body: Uint8Array;
}

/** Cuts a byte stream into control packets; what is incomplete waits for more. */
export class PacketSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): ControlPacket[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const packets: ControlPacket[] = [];
    for (;;) {
      const size = sizeOf(this.#rest);
      if (size === null || this.#rest.length < size.total) return packets;
      const body = this.#rest.subarray(size.head, size.total);
      packets.push({ first: this.#rest[0] ?? 0, body: Uint8Array.from(body) });
      this.#rest = this.#rest.subarray(size.total);
    }
  }
}

function sizeOf(bytes: Uint8Array): { head: number; total: number } | null {
  let length = 0;
  for (let at = 1; at < Math.min(5, bytes.length); at += 1) {
    const byte = bytes[at] ?? 0;
    length += (byte & 127) * 128 ** (at - 1);
    if (byte < 128) return { head: at + 1, total: at + 1 + length };
  }
  return null;
}

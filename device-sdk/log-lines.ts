/**
 * JSON lines on stdout, one an event, in the words of DESIGN §3: queued, accepted, receipted.
 *
 * @module log-lines
 */
import type { DeviceEvent, LocalEvent } from './device-types.ts';
import { toHex } from './formats/bytes.ts';
import type { UplinkEvent } from './uplink/uplink.ts';

type Level = 'info' | 'warn' | 'error';
type Fields = Readonly<Record<string, unknown>>;
/** `frame` is a line that every frame makes. */
type Line = readonly [level: Level | 'frame', msg: string, fields: Fields];

export function logLine(level: Level, msg: string, fields: Fields): void {
  const line = { time: new Date().toISOString(), level, msg, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** `events` leaves out the three lines that every frame makes. */
export function logEvent(event: DeviceEvent, detail: 'frames' | 'events'): void {
  const [level, msg, fields] = event.kind === 'uplink' ? uplinkLine(event.event) : lineOf(event);
  if (level !== 'frame') logLine(level, msg, fields);
  else if (detail === 'frames') logLine('info', msg, fields);
}

function lineOf(event: LocalEvent): Line {
  switch (event.kind) {
    case 'started':
      return ['info', 'started', { bootCount: event.bootCount, firstSeq: event.firstSeq }];
    case 'recovered':
      return ['warn', 'recovered', { tornBytes: event.tornBytes, damaged: event.damaged }];
    case 'queued': {
      const { stored, id, ...rest } = event.what;
      const fields = { id: toHex(id), ...rest };
      return stored ? ['frame', 'queued', fields] : ['warn', 'dropped', fields];
    }
    case 'sensor_error': {
      const { sensor, error } = event;
      const detail = error instanceof Error ? error.message : String(error);
      return ['error', 'sensor failed', { sensor, detail }];
    }
    case 'clock_step':
      return ['warn', 'clock step', { ...event.step }];
  }
}

function uplinkLine(event: UplinkEvent): Line {
  switch (event.kind) {
    case 'connected':
      return ['info', 'connected', {}];
    case 'disconnected':
      return ['warn', 'disconnected', { reason: event.reason, retryInMs: event.retryInMs }];
    case 'accepted':
      return ['frame', 'accepted', { id: toHex(event.id), seq: event.seq }];
    case 'receipted': {
      const { id, seq, size: logSize, index: leafIndex } = event;
      return ['frame', 'receipted', { id: toHex(id), seq, logSize, leafIndex }];
    }
    case 'refused': {
      const { id, seq, code, listed } = event;
      return ['warn', 'refused', { id: toHex(id), seq, code, listed }];
    }
    case 'ignored':
      return ['warn', 'ignored an answer', { why: event.why, detail: event.detail }];
  }
}

import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../device-sdk/sensors/generator.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { contentOf } from '../../gateway/epcis/capture/captured-content.ts';
import { readDocument } from '../../gateway/epcis/document/read-document.ts';
import { openTokens } from '../../gateway/tokens.ts';
import { type Bench, type Row, ratePerSecond, row } from './bench.ts';
import { coldChainEvent } from './epcis-events.ts';
import { createBenchLedger } from './fixture.ts';
import { GatewayProcess } from './gateway-process.ts';

const EVENTS_A_DOCUMENT = 1_000;
const WARM_UP = 5;
const DOCUMENTS = 40;
const CONTEXT = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld';
/** The bare work is measured for so long. */
const LEAST_MS = 3_000;

/** Without ids: the gateway computes them. */
function documentOf(no: number): string {
  const random = seededRandom(no + 1);
  const eventList = Array.from({ length: EVENTS_A_DOCUMENT }, (_, i) => {
    const { event } = coldChainEvent(no * EVENTS_A_DOCUMENT + i, random);
    const { eventID: _id, ...rest } = event;
    return rest;
  });
  return JSON.stringify({
    '@context': [CONTEXT],
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: '2026-01-01T00:00:00Z',
    epcisBody: { eventList },
  });
}

/** Documents handed over one after the other, until the last one's events are in the log. */
async function captured(gateway: GatewayProcess, token: string, nos: readonly number[]) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const documents = nos.map(documentOf);
  const started = performance.now();
  const jobs: string[] = [];
  for (const body of documents) {
    const url = `${gateway.httpUrl}/epcis/capture`;
    const answer = await fetch(url, { method: 'POST', headers, body });
    if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
    jobs.push(`${gateway.httpUrl}${answer.headers.get('location')}`);
  }
  for (const job of jobs) await finished(job, headers);
  return (nos.length * EVENTS_A_DOCUMENT * 1_000) / (performance.now() - started);
}

async function finished(job: string, headers: Record<string, string>): Promise<void> {
  for (;;) {
    const said = (await (await fetch(job, { headers })).json()) as Record<string, unknown>;
    if (said['running'] === false && said['success'] === true) return;
    if (said['running'] === false) throw new Error(JSON.stringify(said['errors']));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What nobody can leave out: read and check the JSON, its hash id, salt, one signature. */
function bareRate(): number {
  const documents = [0, 1, 2].map(documentOf);
  const { privateKey } = generateKeyPairSync('ed25519');
  const perSecond = ratePerSecond((i) => {
    const read = readDocument(JSON.parse(documents[i % documents.length] ?? ''));
    if (!read.ok) throw new Error('a document of the bench is not valid');
    for (const one of read.value.events) {
      if (one.ok) sign(null, contentOf(one.value), privateKey);
    }
  }, LEAST_MS);
  return perSecond * EVENTS_A_DOCUMENT;
}

async function run(): Promise<Row[]> {
  const data = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  try {
    createBenchLedger(data, -8, 1);
    const { token } = openTokens(dataFolder(data).tokens).add({ roles: ['operator'] });
    const gateway = await GatewayProcess.start(data);
    try {
      await captured(
        gateway,
        token,
        Array.from({ length: WARM_UP }, (_, i) => i),
      );
      const before = bareRate();
      const nos = Array.from({ length: DOCUMENTS }, (_, i) => WARM_UP + i);
      const rate = await captured(gateway, token, nos);
      const limit = (before + bareRate()) / 2;
      return [row('capture-events', rate, 'events/s', limit)];
    } finally {
      await gateway.stop();
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** POST /epcis/capture → read, checked, signed, admitted, indexed and committed. */
export const capture: Bench[] = [{ name: 'capture', run }];

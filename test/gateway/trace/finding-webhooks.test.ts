// Findings by webhook: a real server that fails first, and a gateway that starts again.
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PATIENCE_MS } from '../../../gateway/handover/match-halves.ts';
import type { FindingKind } from '../../../gateway/http/trace-backend.ts';
import { FindingWebhooks } from '../../../gateway/trace/finding-webhooks.ts';
import { HANDED_ITEM, HANDOVER_SENSORS, handoverHalf } from '../../support/handover-half.ts';
import { SoloRig, type TestDevice } from '../../support/solo-ledger.ts';
import { traceDesk } from '../../support/trace-desk.ts';

interface Posted {
  readonly body: string;
  readonly signature: string | undefined;
}

let rig: SoloRig;
let device: TestDevice;
let server: Server;
let posted: Posted[];
let failures: number;
let listeners: Set<() => void>;
let troubles: string[];
let webhooks: FindingWebhooks;

beforeEach(async () => {
  rig = new SoloRig();
  device = await rig.enrol('1');
  [posted, failures, listeners, troubles] = [[], 0, new Set(), []];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => (body += part));
    request.on('end', () => {
      if (failures > 0) response.statusCode = 503;
      else posted.push({ body, signature: request.headers['gs1-signature'] as string | undefined });
      failures -= 1;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  writeFileSync(join(rig.root, 'secret'), 'a secret\n');
});
afterEach(async () => {
  await webhooks.close();
  await new Promise((resolve) => server.close(resolve));
  rig.close();
});

function start(kinds: readonly FindingKind[] | null = null, privateDests = true): void {
  const { port } = server.address() as AddressInfo;
  const desk = traceDesk(rig);
  webhooks = new FindingWebhooks({
    db: rig.ledger.store.db,
    trace: {
      findings: (query) => desk.findings(query),
      onCommitted: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    webhooks: [{ url: `http://127.0.0.1:${port}/`, kinds, secretFile: join(rig.root, 'secret') }],
    about: { ledger: rig.origin, by: 'https://mill.example' },
    privateDests,
    nowMs: () => rig.nowMs,
    onTrouble: (_url, detail) => troubles.push(detail),
    retry: { firstMs: 1, maxMs: 4 },
  });
  webhooks.start();
}

/** Leaves a number out, which is a gap. */
function gap(): void {
  rig.temperatures(device, rig.nowMs - 1_000, [1]);
  rig.commit(rig.temperatures(device, rig.nowMs, [2]));
  for (const listener of listeners) listener();
}

const idsOf = () =>
  posted.flatMap(({ body }) => JSON.parse(body).findings.map(({ id }: { id: string }) => id));

test('who fails first is sent it again, signed, and everything that follows in order', async () => {
  gap();
  start();
  failures = 3;
  gap();
  await expect.poll(() => posted.length).toBe(1);
  expect(troubles).toEqual(Array(3).fill('the subscriber answered 503'));
  gap();
  gap();
  await expect.poll(() => idsOf().length).toBe(3);
  // The one from before it was configured is not among them.
  const all = traceDesk(rig).findings({ limit: 100 });
  expect(idsOf()).toEqual(all.ok && all.value.findings.slice(1).map(({ id }) => id));
  for (const { body, signature } of posted) {
    const mac = createHmac('sha256', 'a secret').update(body).digest('hex');
    expect(signature).toBe(`sha256=${mac}`);
    expect(JSON.parse(body)).toMatchObject({
      ledger: rig.origin,
      by: 'https://mill.example',
      findings: expect.arrayContaining([
        expect.objectContaining({ kind: 'gap', device: device.urn }),
      ]),
    });
    expect(body).not.toContain('cursor');
  }
});

test('after a restart it goes on where it was, with what came meanwhile', async () => {
  start();
  gap();
  await expect.poll(() => posted.length).toBe(1);
  failures = Number.POSITIVE_INFINITY;
  gap();
  await expect.poll(() => troubles.length).toBeGreaterThan(0);
  await webhooks.close();
  gap();
  failures = 0;
  start();
  await expect.poll(() => idsOf().length).toBe(3);
  expect(new Set(idsOf()).size).toBe(3);
});

test('other kinds than those asked for are passed over; what time makes a finding is sent', async () => {
  const dock = await rig.enrol('dock', { sensors: HANDOVER_SENSORS });
  rig.nowMs += PATIENCE_MS;
  start(['handover_missing']);
  rig.commit(handoverHalf(rig, { device: dock, role: 'giver', agoMs: 0 }));
  gap();
  rig.nowMs += PATIENCE_MS + 1;
  for (const listener of listeners) listener();
  await expect.poll(() => posted.length).toBe(1);
  const { findings } = JSON.parse(posted[0]!.body);
  expect(findings).toMatchObject([{ kind: 'handover_missing', subject: HANDED_ITEM }]);
});

test('a private address is not posted to unless the operator allows it', async () => {
  start(null, false);
  gap();
  await expect.poll(() => troubles).toContain('dest is in a private network');
  expect(posted).toEqual([]);
});

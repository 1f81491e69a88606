// A gateway is killed while documents are on their way into the log.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../../sim/world.ts';
import { sampleDocument, sampleEvent } from '../support/capture-rig.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';

const KILLS = process.env['TRUEGRAIN_LONG'] === '1' ? 60 : 5;
const EVENTS_A_DOCUMENT = 300;
const built = group('programs', hasPrograms, 'not built; run npm run build');

built(`kill -9 of a gateway that captures, ${KILLS} times`, () => {
  let gateway: GatewayProcess;
  const world = new World(Number(process.env['TRUEGRAIN_SEED'] ?? Date.now() % 100_000));

  beforeAll(async () => {
    gateway = await GatewayProcess.started();
  }, 60_000);
  afterAll(() => gateway.remove());

  function call(path: string, init: RequestInit = {}) {
    const headers = {
      authorization: `Bearer ${gateway.tokens.operator}`,
      'content-type': 'application/json',
    };
    return fetch(`${gateway.httpUrl}${path}`, { ...init, headers });
  }

  const epcs = (document: number) =>
    Array.from(
      { length: EVENTS_A_DOCUMENT },
      (_, i) => `urn:epc:id:sgtin:0614141.1073${46 + document}.${i}`,
    );

  it(`a document that was answered with 202 is in the log whole, and once (seed ${world.seed})`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    const jobs: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const events = epcs(kill).map((epc) => sampleEvent({ epcList: [epc] }));
      const answer = await call('/epcis/capture', {
        method: 'POST',
        body: JSON.stringify(sampleDocument(events)),
      });
      expect(answer.status).toBe(202);
      jobs.push(String(answer.headers.get('location')));
      // Before, in the middle of, or after its batch.
      await new Promise((resolve) => setTimeout(resolve, world.between(0, 250)));
      await gateway.kill();
      await gateway.start();
    }
    for (const job of jobs) await expect.poll(() => finished(job), { timeout: 60_000 }).toBe(true);
    for (let document = 0; document < KILLS; document += 1) {
      expect(await found(document)).toEqual(epcs(document).sort());
    }
  });

  async function finished(job: string): Promise<boolean> {
    const { running, success } = (await (await call(job)).json()) as Record<string, boolean>;
    return running === false && success === true;
  }

  async function found(document: number): Promise<string[]> {
    const pattern = `urn:epc:idpat:sgtin:0614141.1073${46 + document}.*`;
    const query = `MATCH_epc=${encodeURIComponent(pattern)}&perPage=1000`;
    const answer = await call(`/epcis/events?${query}`);
    // biome-ignore lint/suspicious/noExplicitAny: the shape is EPCIS's, and a wrong one fails below.
    const body = (await answer.json()) as any;
    const list = body.epcisBody.queryResults.resultsBody.eventList as { epcList: string[] }[];
    const ids = list.flatMap(({ epcList }) => epcList);
    return ids
      .map((link) => `urn:epc:id:sgtin:0614141.1073${46 + document}.${link.split('/').at(-1)}`)
      .sort();
  }

  it('fsck finds nothing', { timeout: 60_000 }, async () => {
    await gateway.stop();
    const { code, lines } = await gateway.run('fsck');
    expect(code, lines.join('\n')).toBe(0);
  });
});

// Events captured at one member's gateway are found at the others', and survive the kill of any.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsePolicy } from '../../device-sdk/formats/tlog-policy.ts';
import { verifyEvidence } from '../../device-sdk/formats/verify-evidence.ts';
import type { AllianceMember } from '../support/alliance-member.ts';
import { AllianceFleet, allianceProcesses } from '../support/alliance-process.ts';
import { bareEvent, sampleDocument, sampleEvent } from '../support/capture-rig.ts';

const MINUTES = 60_000;
const EVENTS = 40;

allianceProcesses('captured events of an alliance', () => {
  let fleet: AllianceFleet;
  beforeAll(async () => {
    fleet = await AllianceFleet.started();
  }, 2 * MINUTES);
  afterAll(() => fleet?.remove());

  function call(member: AllianceMember, path: string, init: RequestInit = {}) {
    const headers = {
      authorization: `Bearer ${member.token}`,
      'content-type': 'application/json',
    };
    return fetch(`${member.httpUrl}${path}`, { ...init, headers: { ...headers, ...init.headers } });
  }

  const post = (member: AllianceMember, path: string, body: unknown) =>
    call(member, path, { method: 'POST', body: JSON.stringify(body) });

  async function count(member: AllianceMember): Promise<number> {
    const answer = await call(member, '/epcis/events?perPage=1000');
    const document = (await answer.json()) as {
      epcisBody: { queryResults: { resultsBody: { eventList: unknown[] } } };
    };
    return document.epcisBody.queryResults.resultsBody.eventList.length;
  }

  it(
    'one event is in the log when it is answered, and every member finds it',
    async () => {
      const answer = await post(fleet.member(0), '/epcis/events', bareEvent());
      expect(answer.status, await answer.clone().text()).toBe(201);
      const location = String(answer.headers.get('location'));
      for (const member of fleet.members) {
        await fleet.until(`the event at ${member.name}`, async () => {
          return (await call(member, location)).status === 200;
        });
      }
    },
    2 * MINUTES,
  );

  it(
    'proves itself at another member’s gateway under the policy of all',
    async () => {
      const answer = await post(
        fleet.member(1),
        '/epcis/events',
        bareEvent({ disposition: 'damaged' }),
      );
      const location = String(answer.headers.get('location'));
      const policy = parsePolicy(await fleet.member(2).policy());
      if (!policy.ok) throw new Error(policy.code);
      const accept = 'application/vnd.truegrain.evidence+cbor';
      let evidence = new Uint8Array();
      await fleet.until('its evidence at member 3', async () => {
        const proof = await call(fleet.member(3), location, { headers: { accept } });
        evidence = new Uint8Array(await proof.arrayBuffer());
        return proof.status === 200;
      });
      const report = verifyEvidence(evidence, { policy: policy.value });
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report).toMatchObject({ verdict: 'verified', statement: { kind: 'event' } });
    },
    2 * MINUTES,
  );

  it(
    'a promised document comes in whole and once, though its gateway is killed',
    async () => {
      const before = await count(fleet.member(1));
      const events = Array.from({ length: EVENTS }, (_, i) =>
        sampleEvent({ epcList: [`urn:epc:id:sgtin:0614141.107346.${5_000 + i}`] }),
      );
      const answer = await post(fleet.member(0), '/epcis/capture', sampleDocument(events));
      expect(answer.status).toBe(202);
      await fleet.member(0).kill('both');
      await fleet.member(0).start();
      for (const member of fleet.members) {
        await fleet.until(`all events at ${member.name}`, async () => {
          return (await count(member)) === before + EVENTS;
        });
      }
      const job = await call(fleet.member(0), String(answer.headers.get('location')));
      expect(await job.json()).toMatchObject({ running: false, success: true });
    },
    3 * MINUTES,
  );

  it(
    'all agree, and fsck finds nothing',
    async () => {
      await fleet.agree();
      await fleet.stop();
      fleet.fsck();
    },
    2 * MINUTES,
  );
});

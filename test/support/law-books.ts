import { encodeAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { encodeAppeal } from '@truegrain/device-sdk/formats/appeal.js';
import {
  type CalibrationRecord,
  encodeCalibrationRecord,
} from '@truegrain/device-sdk/formats/calibration-record.js';
import { encodeClaim } from '@truegrain/device-sdk/formats/claim.js';
import { encodeCredential } from '@truegrain/device-sdk/formats/credential.js';
import { encodeExamination } from '@truegrain/device-sdk/formats/examination.js';
import { encodeFiling } from '@truegrain/device-sdk/formats/filing.js';
import { encodeInspection } from '@truegrain/device-sdk/formats/inspection.js';
import {
  MEDIA_ANSWER,
  MEDIA_APPEAL,
  MEDIA_CALIBRATION,
  MEDIA_CLAIM,
  MEDIA_CREDENTIAL,
  MEDIA_EXAMINATION,
  MEDIA_FILING,
  MEDIA_INSPECTION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_PROPOSAL,
  MEDIA_RULE_FINDING,
  MEDIA_SEAL,
  MEDIA_TAP,
} from '@truegrain/device-sdk/formats/media-types.js';
import { encodeOrder, type Order } from '@truegrain/device-sdk/formats/order.js';
import { encodeProfileBinding } from '@truegrain/device-sdk/formats/profile-binding.js';
import {
  type Change,
  changeDigest,
  encodeProposal,
} from '@truegrain/device-sdk/formats/proposal.js';
import { encodeRuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import { encodeSeal } from '@truegrain/device-sdk/formats/seal.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import { encodeTap } from '@truegrain/device-sdk/formats/tap.js';
import { FourBooks, testDevice } from './four-books.ts';
import { sampleCalibration } from './sample-calibration.ts';
import { digest, PERSON, sampleLaw, sampleProfile } from './sample-law.ts';
import { sampleCharter, sampleMember, TEMPERATURE } from './sample-members.ts';
import { sampleRule } from './sample-rule.ts';
import { SUBJECT, type TestDevice } from './solo-ledger.ts';

const NAMES = ['acme', 'bolt', 'cargo', 'duty'];
const ACME = 0;
const BOLT = 1;
const DUTY = 3;
const SERIAL = 'SN-1';

/** Four members of whom duty is the regulator of pharma; rules need three of them. */
export class LawBooks extends FourBooks {
  readonly device: TestDevice = testDevice('law');
  /** In another sector, of bolt: what is ordered of it is no part of the other's evidence. */
  readonly other: TestDevice = testDevice('other');

  constructor() {
    const { founders } = sampleCharter(
      NAMES.map((name) => sampleMember(name)),
      3,
    );
    const duty = founders[DUTY]!;
    super({
      founders: [...founders.slice(0, DUTY), { ...duty, kind: 'regulator' }],
      validatorKinds: ['participant', 'regulator'],
      ruleApprovals: 3,
      law: sampleLaw(duty.iss, {
        conditions: [
          {
            ...{ id: 'licence', on: 'entry', kind: null, requirement: 'licence' },
            ...{ text: 'A licence.', attestedBy: 'regulator' },
          },
        ],
      }),
    });
  }

  /** In a block of its own; throws where the members do not take it. */
  async take(tx: Uint8Array): Promise<number> {
    const { size } = this.state;
    await this.block([tx]);
    if (this.state.size === size) throw new Error('not taken');
    return size;
  }

  async say(by: number, contentType: string, bytes: Uint8Array, sub?: string): Promise<Statement> {
    const contents = { contentType, bytes, ...(sub !== undefined && { sub }) };
    const { tx, statement } = this.governance(this.members[by]!, contents);
    await this.take(tx);
    return statement;
  }

  async enact(change: Change): Promise<void> {
    const proposal = { logTimeMs: this.timeMs, epoch: 0, reason: 'agreed', change };
    const { id: proposalId } = await this.say(ACME, MEDIA_PROPOSAL, encodeProposal(proposal));
    const textDigest = changeDigest(change);
    for (const by of [BOLT, DUTY]) {
      const answer = { proposalId, answer: 'approve' as const, reason: '', textDigest };
      await this.say(by, MEDIA_ANSWER, encodeAnswer({ logTimeMs: this.timeMs, ...answer }));
    }
  }

  async order(action: Order['action'], kind: Order['target']['kind'], id: string) {
    const words = { legalBasis: 'Act, § 3', official: PERSON, text: 'So ordered.' };
    const order = { logTimeMs: this.timeMs, action, target: { kind, id }, ...words };
    return this.say(DUTY, MEDIA_ORDER, encodeOrder(order));
  }

  async readings(by: number, device: TestDevice, values: readonly number[]): Promise<number> {
    const frames = values.map((value) => this.reading(device, value));
    return this.take(this.batch(this.members[by]!, frames));
  }

  /** Every kind of statement of the law once, and readings between; the leaf of the last reading. */
  async live(): Promise<number> {
    const sensors = [{ ...TEMPERATURE, serial: SERIAL }];
    const shown = { sensors, binding: 'tag-tamper' } as const;
    await this.take(this.registration(this.members[ACME]!, this.device, shown));
    await this.take(this.registration(this.members[BOLT]!, this.other));
    await this.readings(ACME, this.device, [4, 5]);
    await this.enact({ kind: 'profile', profile: sampleProfile() });
    await this.enact({ kind: 'rule', rule: sampleRule({ id: 'warm' }) });
    await this.bind(ACME, this.device);
    await this.bind(BOLT, this.other);
    await this.order('suspend', 'device', this.other.urn);
    const suspended = await this.order('suspend', 'device', this.device.urn);
    const appeal = { orderId: suspended.id, text: 'It measured well.', document: null };
    await this.say(ACME, MEDIA_APPEAL, encodeAppeal({ logTimeMs: this.timeMs, ...appeal }));
    await this.order('reinstate', 'device', this.device.urn);
    await this.order('suspend', 'rule', 'cold@1');
    await this.order('reinstate', 'rule', 'cold@1');
    await this.#records();
    await this.enact({ kind: 'rule-end', action: 'suspend', id: 'warm', version: 1 });
    return this.readings(ACME, this.device, [6]);
  }

  async bind(by: number, { urn: device }: TestDevice): Promise<void> {
    const bytes = encodeProfileBinding({ logTimeMs: this.timeMs, device, profile: 'pharma' });
    await this.say(by, MEDIA_PROFILE_BINDING, bytes, device);
  }

  async #records(): Promise<void> {
    const { urn: device } = this.device;
    const about = this.members[BOLT]!.member.iss;
    const document = { issuedBy: 'Office', number: '7', document: digest(7), validUntilMs: null };
    const credential = { logTimeMs: this.timeMs, about, condition: 'licence', ...document };
    await this.say(DUTY, MEDIA_CREDENTIAL, encodeCredential(credential));
    await this.calibrate(device);
    await this.say(ACME, MEDIA_TAP, this.#tap(), SUBJECT);
    for (const at of ['closing', 'opening'] as const) await this.#seal(at);
    const claim = { subject: SUBJECT, text: 'Organic.', speaker: PERSON, document: null };
    const said = encodeClaim({ logTimeMs: this.timeMs, ...claim });
    await this.say(ACME, MEDIA_CLAIM, said, SUBJECT);
    const finding = { statementId: digest(3), rule: 'cold', version: 1, text: '9 °C' };
    const verdicts = { leafIndex: 6, attested: 'kept' as const, found: 'broken' as const };
    await this.say(
      BOLT,
      MEDIA_RULE_FINDING,
      encodeRuleFinding({ logTimeMs: this.timeMs, ...finding, ...verdicts }),
    );
    await this.#reports();
    const range = { fromLeaf: 0, untilLeaf: 9, legalBasis: 'Act', official: PERSON };
    const inspection = encodeInspection({ logTimeMs: this.timeMs, device, ...range });
    await this.say(DUTY, MEDIA_INSPECTION, inspection, device);
  }

  #tap(): Uint8Array {
    const uid = new Uint8Array(7).fill(4);
    return encodeTap({ logTimeMs: this.timeMs, subject: SUBJECT, uid, counter: 5, place: 'dock' });
  }

  async #seal(at: 'closing' | 'opening'): Promise<void> {
    const seal = { subject: SUBJECT, number: 'H-1', sealClass: 'H' as const, photo: digest(1) };
    const bytes = encodeSeal({ logTimeMs: this.timeMs, ...seal, at });
    await this.say(ACME, MEDIA_SEAL, bytes, SUBJECT);
  }

  async #reports(): Promise<void> {
    const seen = { root: digest(9), devices: 1, statements: 2, refusals: 0, missing: 0 };
    const report = encodeExamination({
      logTimeMs: this.timeMs,
      size: 2,
      seen: { ...seen, overdueCalibrations: 0, broken: 0 },
      own: { clockOffsetMs: null, expiring: [], cosigned: [], anchored: 0, unheld: 0 },
    });
    await this.say(ACME, MEDIA_EXAMINATION, report);
    const filing = encodeFiling({
      logTimeMs: this.timeMs,
      service: 'Rice',
      authority: 'CAC',
      number: '1-2-3',
      filedMs: this.timeMs,
      url: null,
      responsible: PERSON,
      status: 'in force',
    });
    await this.say(ACME, MEDIA_FILING, filing);
  }

  /** By acme. */
  async calibrate(device: string, changes: Partial<CalibrationRecord> = {}): Promise<void> {
    const record = sampleCalibration({ logTimeMs: this.timeMs, device }, changes);
    await this.say(ACME, MEDIA_CALIBRATION, encodeCalibrationRecord(record), device);
  }
}

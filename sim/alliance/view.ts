// What the alliance shows: news in sentences, and below them one line a second on how it stands.
import { evaluatePolicy, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { typedTruegrain } from '../programs/built.ts';
import type { DemoDevice } from './device.ts';
import type { DemoMember } from './member.ts';
import type { Setting } from './setting.ts';

export interface AllianceScene {
  readonly setting: Setting;
  readonly members: readonly DemoMember[];
  readonly devices: readonly DemoDevice[];
  readonly ledgerId: string;
  readonly policyFile: string;
  readonly policy: Policy;
}

/** What stands at one instant, of the member that knows most. */
interface Standing {
  readonly height: number;
  readonly size: number;
  readonly anchored: number;
  readonly cosigners: readonly string[];
  readonly note: string;
}

export class AllianceView {
  readonly #screen: NodeJS.WriteStream;
  /** On a terminal the last line is drawn over. */
  #isDrawn = false;

  /** `screen` is process.stdout. */
  constructor(screen: NodeJS.WriteStream) {
    this.#screen = screen;
  }

  say(...lines: string[]): void {
    this.#clear();
    for (const line of lines) this.#screen.write(`${line}\n`);
  }

  news(words: string): void {
    this.say(`${new Date().toISOString().slice(11, 19)}  ${words}`);
  }

  line(text: string): void {
    const { isTTY, columns = 80 } = this.#screen;
    if (!isTTY) {
      this.say(text);
      return;
    }
    this.#clear();
    this.#screen.write(text.slice(0, columns - 1));
    this.#isDrawn = true;
  }

  #clear(): void {
    if (this.#isDrawn) this.#screen.write('\r\x1b[2K');
    this.#isDrawn = false;
  }
}

export function headLines({ setting, members, devices, ledgerId, policyFile }: AllianceScene) {
  const rows = members.map((member) => {
    const { name, place, api, mqttUrl, gateway, enginePid } = member;
    const device = devices.find(({ at }) => at === member)?.name ?? '-';
    return [name, place.kind, api.url, mqttUrl, gateway.pid, enginePid, device].map(String);
  });
  const head = ['member', 'kind', 'API', 'MQTT', 'gateway', 'engine', 'device'];
  const [first] = members;
  return [
    '',
    ...tableOf([head, ...rows]),
    '',
    `Ledger id   ${ledgerId}`,
    `Alliance    ${first?.status?.faults.words ?? '…'}`,
    ...members.map(({ name, token }) => `Token       ${token}  ${name}, all roles`),
    `            (in ${setting.keptFile} too, for this demo only)`,
    `Checkpoint  ${first?.api.url}/log/checkpoint`,
    `Policy      ${policyFile}: ${typedTruegrain()} policy --data ${first?.place.data}`,
    `Try         kill -9 ${first?.gateway.pid}   or any other process of the table: the others go on, it comes back`,
    '',
  ];
}

/** The newest checkpoint of those shown, and of equals the one with most cosignatures. */
export function standingOf({ members, policy }: AllianceScene): Standing | null {
  const answering = members.filter(({ isUp }) => isUp);
  const read = answering.flatMap(({ status, checkpoint }) => {
    const verdict = checkpoint === null ? null : evaluatePolicy(policy, checkpoint);
    if (!verdict?.ok || !verdict.value.satisfied || !status) return [];
    const { witnesses, checkpoint: body } = verdict.value;
    const cosigners = witnesses.map(({ name }) => name);
    const height = status.own.node?.height ?? 0;
    return [{ height, size: status.size, anchored: body.size, cosigners, note: checkpoint ?? '' }];
  });
  const [newest] = read.sort(
    (a, b) => b.anchored - a.anchored || b.cosigners.length - a.cosigners.length,
  );
  if (!newest) return null;
  const most = (of: (one: Standing) => number) => Math.max(...read.map(of));
  return { ...newest, height: most(({ height }) => height), size: most(({ size }) => size) };
}

export function lineOf(scene: AllianceScene, standing: Standing | null): string {
  const { members, devices } = scene;
  const states = members.map(({ name, words }) => `${name} ${words}`).join(', ');
  const receipts = devices.map(({ name, receipted }) => `${name} ${receipted}`);
  return [
    standing ? chainWords(standing, members.length) : 'nobody answers',
    states,
    ...quorumWords(members),
    `receipts ${receipts.join(', ')}`,
  ].join(' · ');
}

function chainWords({ height, size, anchored, cosigners }: Standing, count: number): string {
  const signed = `cosigned by ${cosigners.length} of ${count}`;
  return `height ${height} · ${size} leaves committed, ${anchored} anchored, ${signed}`;
}

function quorumWords(members: readonly DemoMember[]): string[] {
  const up = members.filter(({ isUp }) => isUp).length;
  const needed = Math.floor((2 * members.length) / 3) + 1;
  return up >= needed
    ? []
    : [`no block while ${up} are up: ${needed} of ${members.length} must be`];
}

export function checkpointLines({ cosigners, note, anchored }: Standing): string[] {
  return [
    `Checkpoint over ${anchored} leaves, cosigned by ${cosigners.join(', ')}:`,
    ...note
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ];
}

export function proofLines(scene: AllianceScene, { at, proof, name }: DemoDevice): string[] {
  const { ledgerId, policyFile } = scene;
  const verify = `${typedTruegrain()} verify last.tgev`;
  return [
    `Take the proof of a reading of ${name}, then check it with the network off:`,
    `  curl -sfo last.tgev -H 'Authorization: Bearer ${at.token}' ${at.api.url}/v1/statements/${proof}/evidence`,
    `  ${verify} --policy ${policyFile}`,
    `  ${verify} --ledger ${ledgerId}`,
    '',
  ];
}

function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

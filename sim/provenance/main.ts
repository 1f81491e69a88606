import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import { GatewayApi } from '../gateway-api.ts';
import { typedTruegrain } from '../programs/built.ts';
import { GatewayProgram, truegrain } from '../programs/gateway-program.ts';
import { type Answered, answers, recalled, warmestStatement } from './answers.ts';
import { commands } from './commands.ts';
import { found } from './found.ts';
import { BOX_URI } from './goods.ts';
import { DAY_HOURS, HOUR_MS } from './hours.ts';
import { playProvenance, URNS } from './play.ts';

/** A played day and its gateway, still up. */
export interface ProvenanceRun {
  readonly gateway: GatewayProgram;
  readonly auditorToken: string;
  readonly policyFile: string;
  /** What the code on the box says; its picture is at `codeUrl`. */
  readonly linkUrl: string;
  readonly codeUrl: string;
  readonly startMs: number;
  readonly answers: readonly Answered[];
  readonly recall: readonly string[];
  /** Exit code of `truegrain verify` on evidence of the box. */
  readonly verified: number | null;
}

/** `npm run provenance`: plays the day, prints what an auditor is told, and stays up until Ctrl-C. */
export async function runProvenance(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'truegrain-provenance-'));
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
  let run: ProvenanceRun | null = null;
  try {
    const say = (words: string) => process.stdout.write(`${words}\n`);
    run = await playedProvenance({ data: join(folder, 'gateway'), say });
    say('\nThe gateway stays up until Ctrl-C; its folder goes with it.');
    await Promise.race([stopped, run.gateway.program.ended]);
    return run.verified === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`truegrain provenance: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await run?.gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The day of the play in a fresh folder. Whoever calls it stops the gateway. */
export async function playedProvenance(given: {
  readonly data: string;
  readonly say: (words: string) => void;
}): Promise<ProvenanceRun> {
  const { data, say } = given;
  const startMs = Date.now() - DAY_HOURS * HOUR_MS;
  const { place, tokens, captureToken, policyFile } = await found(data, URNS);
  const gateway = await GatewayProgram.start(place);
  try {
    const api = new GatewayApi(gateway.httpUrl, tokens);
    const { mqttUrl } = gateway;
    const operatorToken = tokens.operator;
    await playProvenance({ startMs, api, mqttUrl, operatorToken, data, say });
    const told = await answers(api);
    const recall = await recalled(api);
    const { auditor: auditorToken } = tokens;
    const addresses = addressesOf(gateway);
    tell(say, { gateway, auditorToken, policyFile, ...addresses });
    for (const { question, lines } of told) tellList(say, question, lines);
    tellList(say, 'Recall of the bad lot', recall);
    const statementId = await warmestStatement(api);
    const verified = await verify(say, { api, data, policyFile, statementId });
    const { httpUrl } = gateway;
    const asking = { httpUrl, auditorToken, captureToken, data, statementId };
    tellList(say, 'To ask by hand', commands(asking));
    return {
      gateway,
      auditorToken,
      policyFile,
      ...addresses,
      startMs,
      answers: told,
      recall,
      verified,
    };
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

function addressesOf({ httpUrl, ledgerId }: GatewayProgram) {
  const path = new URL(BOX_URI).pathname;
  const ledger = `ledger=${ledgerId}`;
  return {
    linkUrl: `${httpUrl}${path}?${ledger}`,
    codeUrl: `${httpUrl}/v1/qr?epc=${encodeURIComponent(BOX_URI)}`,
  };
}

function tell(
  say: (words: string) => void,
  run: Pick<ProvenanceRun, 'gateway' | 'auditorToken' | 'policyFile' | 'linkUrl' | 'codeUrl'>,
): void {
  const { gateway, auditorToken, policyFile, linkUrl, codeUrl } = run;
  say(`
Auditor’s page   ${gateway.httpUrl}/ui/#/product/${encodeURIComponent(BOX_URI)}
Token for it     ${auditorToken}
Policy file      ${policyFile}
The box’s code   ${linkUrl}
  as a picture   ${codeUrl}`);
}

function tellList(say: (words: string) => void, title: string, lines: readonly string[]): void {
  say(`\n${title}`);
  for (const line of lines.length > 0 ? lines : ['nothing']) say(`  ${line}`);
}

/** Fetched once, checked without the gateway. */
async function verify(
  say: (words: string) => void,
  given: { api: GatewayApi; data: string; policyFile: string; statementId: string },
): Promise<number | null> {
  const { api, data, policyFile, statementId } = given;
  const id = fromHex(statementId);
  if (id === null) throw new Error('a statement without an id');
  const file = join(data, 'warmest.tgev');
  writeFileSync(file, await api.evidence(id));
  const { code, lines } = await truegrain(['verify', file, '--policy', policyFile]);
  tellList(say, `${typedTruegrain()} verify ${file} --policy ${policyFile}`, lines);
  return code;
}

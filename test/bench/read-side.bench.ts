import { rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { toHex } from '../../device-sdk/formats/bytes.ts';
import { parseStatement } from '../../device-sdk/formats/statement.ts';
import { seededRandom } from '../../device-sdk/sensors/generator.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { openTokens } from '../../gateway/tokens.ts';
import { type Bench, quantile, type Row, row } from './bench.ts';
import { GatewayProcess } from './gateway-process.ts';
import { benchStore } from './stores.ts';

const SIZES = [100_000, 1_000_000] as const;
const WARM_UP = 30;
const REQUESTS = 400;
/** 60 packs, 600 readings: one page. */
const RANGE_MS = 600_000;
const PAGE = 1_000;

const KINDS = ['bare', 'receipt', 'device-range', 'subject'] as const;
type Kind = (typeof KINDS)[number];

/** Paths of one kind over statements drawn from the whole log. */
function pathsOf(data: string): Record<Kind, string[]> {
  const db = openDatabase(dataFolder(data).ledger, { readonly: true });
  try {
    const store = new LedgerStore(db);
    const random = seededRandom(1);
    const size = store.leaves.size();
    const paths: Record<Kind, string[]> = {
      bare: [],
      receipt: [],
      'device-range': [],
      subject: [],
    };
    while (paths.bare.length < WARM_UP + REQUESTS) {
      const leafIndex = Math.floor(random() * size);
      const entry = store.leaves.entry(leafIndex);
      const parsed = entry ? parseStatement(entry) : null;
      if (!parsed?.ok || !parsed.value.device) continue;
      const { id, iss, sub, device } = parsed.value;
      const fromMs = device.firstMs ?? 0;
      const range = new URLSearchParams({
        device: iss,
        fromMs: String(fromMs),
        toMs: String(fromMs + RANGE_MS),
        limit: String(PAGE),
      });
      const subject = new URLSearchParams({ subject: sub, limit: String(PAGE) });
      paths.bare.push('/log/checkpoint');
      paths.receipt.push(`/entries/${toHex(id)}`);
      paths['device-range'].push(`/v1/readings?${range}`);
      paths.subject.push(`/v1/readings?${subject}`);
    }
    return paths;
  } finally {
    db.close();
  }
}

class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Milliseconds from the request to the last byte of its answer. */
  time(path: string, token: string): Promise<number> {
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const request = get(`${this.#url}${path}`, { agent: this.#agent, headers }, (answer) => {
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        answer.on('end', () => {
          if (answer.statusCode === 200 && bytes > EMPTY_PAGE_BYTES) {
            resolve(performance.now() - started);
          } else reject(new Error(`${path}: ${answer.statusCode}, ${bytes} bytes`));
        });
      });
      request.on('error', reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** `{"rows":[],"next":null}`: a query that finds nothing measures nothing. */
const EMPTY_PAGE_BYTES = 24;

/** One ledger's gateway with what is asked of it. */
class Target {
  readonly #gateway: GatewayProcess;
  readonly #client: Client;
  readonly #paths: Record<Kind, string[]>;
  readonly #tokenFile: string;

  private constructor(data: string, gateway: GatewayProcess) {
    this.#gateway = gateway;
    this.#client = new Client(gateway.httpUrl);
    this.#paths = pathsOf(data);
    this.#tokenFile = dataFolder(data).tokens;
  }

  static async open(statements: number): Promise<Target> {
    const data = benchStore(statements);
    return new Target(data, await GatewayProcess.start(data));
  }

  /** The gateway limits requests a minute by token, and is measured with that limit. */
  newToken(): string {
    return openTokens(this.#tokenFile).add({ roles: ['operator'] }).token;
  }

  time(kind: Kind, i: number, token: string): Promise<number> {
    return this.#client.time(this.#paths[kind][i]!, token);
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#gateway.stop();
    rmSync(this.#tokenFile, { force: true });
  }
}

/** p95 in milliseconds: one request at a time, in turns, so that both meet the same machine. */
async function measure(kind: Kind, targets: readonly Target[]): Promise<number[]> {
  const asked = targets.map((target) => ({ target, token: target.newToken(), times: [0] }));
  for (let i = 0; i < WARM_UP + REQUESTS; i += 1) {
    for (const { target, token, times } of asked) times[i] = await target.time(kind, i, token);
  }
  return asked.map(({ times }) => quantile(times.slice(WARM_UP), 0.95));
}

/** Bounded by what is asked, not by what is kept: the larger ledger's limit is the smaller's time. */
async function run(): Promise<Row[]> {
  const targets: Target[] = [];
  try {
    for (const size of SIZES) targets.push(await Target.open(size));
    const rows: Row[] = [];
    let bare: number | null = null;
    for (const kind of KINDS) {
      const [small = 0, large = 0] = await measure(kind, targets);
      rows.push(row(`read-${kind}-p95-1e5`, small, 'ms', bare));
      rows.push(row(`read-${kind}-p95-1e6`, large, 'ms', small));
      bare ??= small;
    }
    return rows;
  } finally {
    for (const target of targets) await target.close();
  }
}

/** Over HTTP from a gateway process; `bare` is its cheapest answer, the newest checkpoint. */
export const readSide: Bench[] = [{ name: 'read-side', run }];

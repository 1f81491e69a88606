import type { AllianceStatus } from '../gateway-api.ts';
import { GatewayApi } from '../gateway-api.ts';
import { MemberProgram } from '../programs/member-program.ts';
import { enginePidOf } from './engine-pid.ts';
import type { MemberPlace } from './member-place.ts';
import { Supervised } from './supervised.ts';

/** Longer without an answer, a member is called silent. */
const SILENT_MS = 4_000;

/** One member: its gateway, kept running, and the last it said of itself. */
export class DemoMember {
  readonly place: MemberPlace;
  readonly token: string;
  readonly api: GatewayApi;
  readonly gateway: Supervised;
  status: AllianceStatus | null = null;
  /** The newest checkpoint it shows, a signed note. */
  checkpoint: string | null = null;
  /** The one last seen. */
  enginePid: number | null = null;
  #enginesGateway: number | null = null;
  readonly #onNews: (words: string) => void;
  #answeredMs = 0;
  #isAsked = false;

  constructor(place: MemberPlace, own: { token: string; onNews: (words: string) => void }) {
    const { token, onNews } = own;
    this.place = place;
    this.token = token;
    this.#onNews = onNews;
    const url = `http://127.0.0.1:${place.ports.http}`;
    this.api = new GatewayApi(url, { operator: token, auditor: token, deviceAdmin: token });
    this.gateway = new Supervised({
      words: `the gateway of ${place.name}`,
      launch: () => new MemberProgram({ data: place.data }),
      onNews,
    });
  }

  get name(): string {
    return this.place.name;
  }

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.place.ports.mqtt}`;
  }

  /** In a word or two. */
  get words(): string {
    if (this.gateway.state !== 'up') return this.gateway.state;
    if (performance.now() - this.#answeredMs > SILENT_MS) return 'silent';
    return this.status?.own.node?.engine === 'running' ? 'up' : 'up, its engine down';
  }

  get isUp(): boolean {
    return this.words === 'up';
  }

  /** One question at a time: a stopped process answers none of them. */
  async refresh(): Promise<void> {
    await this.#lookForEngine();
    if (this.#isAsked || this.gateway.state !== 'up') return;
    this.#isAsked = true;
    try {
      this.status = await this.api.alliance();
      this.checkpoint = await this.api.checkpoint();
      this.#answeredMs = performance.now();
    } catch {
      // Told by its silence.
    } finally {
      this.#isAsked = false;
    }
  }

  /** Its gateway starts it again; here it is only told. */
  async #lookForEngine(): Promise<void> {
    const pid = await enginePidOf(this.place.data);
    if (pid === null || pid === this.enginePid) return;
    const before = this.enginePid;
    const isNewGateway = this.gateway.pid !== this.#enginesGateway;
    this.enginePid = pid;
    this.#enginesGateway = this.gateway.pid;
    if (before === null) return;
    this.#onNews(
      isNewGateway
        ? `the engine of ${this.name} runs as process ${pid}`
        : `the engine of ${this.name} (${before}) is gone; its gateway has started another: ${pid}`,
    );
  }
}

import { enrolledFleetDevice } from '../demo/enrol.ts';
import type { FleetDevice } from '../demo/fleet.ts';
import { type DeviceLine, DeviceProgram } from '../programs/device-program.ts';
import type { DemoMember } from './member.ts';
import { Supervised } from './supervised.ts';

/** The real firmware at one member's gateway. */
export class DemoDevice {
  readonly name: string;
  readonly at: DemoMember;
  receipted = 0;
  /** The newest pack of readings whose receipt it verified, lower hex. */
  proof: string | null = null;
  readonly #program: Supervised;
  readonly #packs = new Set<string>();

  private constructor(device: FleetDevice, at: DemoMember, options: RunOptions) {
    const { config, onNews } = options;
    this.name = device.name;
    this.at = at;
    this.#program = new Supervised({
      words: `the device ${device.name}`,
      launch: () => {
        const { program } = new DeviceProgram({ config, onLine: (line) => this.#note(line) });
        return { program, ready: () => Promise.resolve() };
      },
      onNews,
    });
  }

  /** Enrolled once, then started. */
  static async start(
    device: FleetDevice,
    at: DemoMember,
    { folder, onNews }: { folder: string; onNews: (words: string) => void },
  ): Promise<DemoDevice> {
    const { api, mqttUrl } = at;
    const config = await enrolledFleetDevice(device, { api, mqttUrl, folder });
    const started = new DemoDevice(device, at, { config, onNews });
    await started.#program.start();
    return started;
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  #note({ msg, kind, id = '' }: DeviceLine): void {
    if (msg === 'queued' && kind === 'pack') this.#packs.add(id);
    else if (msg === 'receipted') {
      this.receipted += 1;
      if (this.#packs.delete(id)) this.proof = id;
    }
  }
}

interface RunOptions {
  readonly config: string;
  readonly onNews: (words: string) => void;
}

// What keeps the gateway and the demo from starting is said in one line, without a stack.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runToEnd } from '../../sim/programs/program.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { SmallDisk } from '../support/small-disk.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');
const RUN_DEMO = `import('${new URL('../../sim/dist/main.js', import.meta.url).href}')
  .then(({ runDemo }) => runDemo()).then((code) => { process.exitCode = code; })`;

interface Refusal {
  readonly code: number | null;
  readonly lines: readonly string[];
}

built('a start that is refused', () => {
  let gateway: GatewayProcess;
  let taken: net.Server;
  let port = 0;
  beforeAll(async () => {
    gateway = await GatewayProcess.found();
    taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    port = (taken.address() as net.AddressInfo).port;
  }, 60_000);
  afterAll(async () => {
    taken.close();
    await gateway.remove();
  });

  /** `start` on a copy of the ledger, so that one damage does not hide another. */
  async function startOn(
    damage: (data: string) => void,
    env: Record<string, string> = {},
  ): Promise<Refusal> {
    const folder = mkdtempSync(join(tmpdir(), 'truegrain-refused-'));
    const data = join(folder, 'data');
    try {
      spawnSync('cp', ['-a', gateway.data, data]);
      damage(data);
      return await gateway.runOn(data, env, 'start', '--config', join(data, 'truegrain.json'));
    } finally {
      spawnSync('chmod', ['-R', 'u+rwX', folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  function expectOneLine({ code, lines }: Refusal, names: RegExp): void {
    const text = lines.join('\n');
    expect(code, text).not.toBe(0);
    const said = lines.filter((line) => line.trim() !== '' && !line.startsWith('{'));
    expect(said, text).toHaveLength(1);
    expect(said[0]).toMatch(names);
    expect(text).not.toMatch(/^\s+at /m);
  }

  it('HTTP port in use', async () => {
    const refusal = await startOn(() => {}, { TRUEGRAIN_HTTP_PORT: String(port) });
    expectOneLine(refusal, new RegExp(String(port)));
  });

  it('MQTT port in use', async () => {
    const refusal = await startOn(() => {}, { TRUEGRAIN_MQTT_PORT: String(port) });
    expectOneLine(refusal, new RegExp(String(port)));
  });

  it('another instance on the folder', { timeout: 30_000 }, async () => {
    await gateway.start();
    const config = join(gateway.data, 'truegrain.json');
    const refusal = await gateway.runOn(gateway.data, {}, 'start', '--config', config);
    await gateway.stop();
    expectOneLine(refusal, /in use/);
  });

  it('a folder that can’t be written', async () => {
    // Root may write anywhere but on a disk that is mounted read-only.
    const disk = SmallDisk.mount(4);
    const data = disk ? join(disk.path, 'data') : '';
    try {
      if (disk) {
        spawnSync('cp', ['-a', gateway.data, data]);
        disk.readOnly();
        const config = join(data, 'truegrain.json');
        expectOneLine(
          await gateway.runOn(data, {}, 'start', '--config', config),
          /can't be written/,
        );
      } else {
        expectOneLine(await startOn((folder) => chmodSync(folder, 0o500)), /can't be written/);
      }
    } finally {
      disk?.remove();
    }
  });

  it('a ledger cut short', async () => {
    const cut = (data: string) => truncateSync(join(data, 'ledger.db'), 5_000);
    expectOneLine(await startOn(cut), /ledger\.db/);
  });

  it('a ledger that is none', async () => {
    const noise = (data: string) => writeFileSync(join(data, 'ledger.db'), 'no database at all');
    expectOneLine(await startOn(noise), /ledger\.db/);
  });

  it('flipped bytes in the ledger’s first page', async () => {
    const flip = (data: string) => {
      const file = join(data, 'ledger.db');
      const bytes = readFileSync(file);
      for (let at = 100; at < 140; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      writeFileSync(file, bytes);
    };
    expectOneLine(await startOn(flip), /ledger\.db/);
  });

  it('a key that others can read, a key that is gone, a config that is not JSON', async () => {
    const open = (data: string) => chmodSync(join(data, 'keys/log.pem'), 0o644);
    expectOneLine(await startOn(open), /log\.pem/);
    expectOneLine(await startOn((data) => rmSync(join(data, 'keys/log.pem'))), /log\.pem/);
    const noise = (data: string) => writeFileSync(join(data, 'truegrain.json'), '{');
    expectOneLine(await startOn(noise), /truegrain\.json/);
  });

  it('the demo says the same in one line', { timeout: 60_000 }, async () => {
    const data = mkdtempSync(join(tmpdir(), 'truegrain-demo-refused-'));
    const demo = (env: Record<string, string>) =>
      runToEnd({
        name: 'demo',
        file: '--input-type=module',
        args: ['-e', RUN_DEMO],
        env: { TRUEGRAIN_DATA: data, TRUEGRAIN_HTTP_PORT: '0', TRUEGRAIN_MQTT_PORT: '0', ...env },
      });
    try {
      const { code, lines } = await demo({ TRUEGRAIN_HTTP_PORT: String(port) });
      expect(code).toBe(1);
      expect(lines.at(-1)).toMatch(new RegExp(`^truegrain demo: .*${port}`));
      expect(lines.join('\n')).not.toMatch(/^\s+at /m);
      const file = join(data, 'a-file');
      writeFileSync(file, '');
      const impossible = await demo({ TRUEGRAIN_DATA: join(file, 'below') });
      expect(impossible.code).toBe(1);
      expect(impossible.lines.at(-1)).toMatch(/^truegrain demo: .*a-file/);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});

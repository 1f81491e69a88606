// A real Mosquitto of this test's own: its config, port, folder and users.
//
// Mosquitto's password_file splits at ':' and refuses a device URN as user name, so the users are
// in its dynamic-security plugin, which comes with it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBlock } from './port-block.ts';

const plugin = findPlugin();

export const hasMosquitto =
  spawnSync('mosquitto', ['-h']).error === undefined && plugin !== undefined;

export interface MosquittoUser {
  username: string;
  password: string;
}

export class Mosquitto {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | null = null;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** `gateway` may read every uplink and write every downlink; each device only its own. */
  static async start(gateway: MosquittoUser, devices: MosquittoUser[]): Promise<Mosquitto> {
    const folder = mkdtempSync(join(tmpdir(), 'truegrain-mosquitto-'));
    const port = await freeBlock(1);
    writeFileSync(
      join(folder, 'security.json'),
      JSON.stringify({ clients: [gateway, ...devices].map(user) }),
    );
    writeFileSync(join(folder, 'acl'), acl(gateway));
    writeFileSync(join(folder, 'mosquitto.conf'), config(port, folder));
    const broker = new Mosquitto(port, folder);
    await broker.up();
    return broker;
  }

  async up(): Promise<void> {
    const child = spawn('mosquitto', ['-c', join(this.#folder, 'mosquitto.conf')], {
      stdio: 'ignore',
    });
    this.#process = child;
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Keeps the folder, so that `up` goes on with the same sessions. */
  async down(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function config(port: number, folder: string): string {
  return [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    // Started by root, Mosquitto changes to its own user, who may not read this folder.
    process.getuid?.() === 0 ? 'user root' : '',
    `plugin ${plugin}`,
    `plugin_opt_config_file ${join(folder, 'security.json')}`,
    `acl_file ${join(folder, 'acl')}`,
    'persistence true',
    `persistence_location ${folder}/`,
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'message_size_limit 262144',
    '',
  ].join('\n');
}

function user({ username, password }: MosquittoUser) {
  const salt = randomBytes(12);
  const iterations = 101;
  return {
    username,
    password: pbkdf2Sync(password, salt, iterations, 64, 'sha512').toString('base64'),
    salt: salt.toString('base64'),
    iterations,
  };
}

function acl(gateway: MosquittoUser): string {
  return [
    `user ${gateway.username}`,
    'topic read tg/1/+/up',
    'topic write tg/1/+/down',
    'pattern write tg/1/%u/up',
    'pattern read tg/1/%u/down',
    '',
  ].join('\n');
}

function findPlugin(): string | undefined {
  const name = 'mosquitto_dynamic_security.so';
  const folders = ['/usr/lib', '/usr/local/lib', '/opt/homebrew/lib'];
  const multiarch = existsSync('/usr/lib')
    ? readdirSync('/usr/lib')
        .filter((folder) => folder.endsWith('-linux-gnu'))
        .map((folder) => join('/usr/lib', folder))
    : [];
  return [...multiarch, ...folders].map((folder) => join(folder, name)).find(existsSync);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

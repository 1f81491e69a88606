import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { runFleet } from './demo/fleet-run.ts';
import { demoTokens, tokensFile } from './demo/tokens.ts';
import { GatewayApi } from './gateway-api.ts';
import { type GatewayPlace, GatewayProgram, initialise } from './programs/gateway-program.ts';

const PORTS = { TRUEGRAIN_HTTP_PORT: 8080, TRUEGRAIN_MQTT_PORT: 1883 };

/** What a person can mend, said in one line. */
class DemoRefusal extends Error {}

/**
 * `npm start`: a gateway and three devices, each a process of its own, over the interfaces that
 * anybody has. Ends with Ctrl-C or with the first program that ends by itself; gives the exit code.
 */
export async function runDemo(): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  let gateway: GatewayProgram | null = null;
  try {
    const place = placeOf(process.env);
    makeFolder(place.data);
    // Founded before the tokens are made: where they are, there is a ledger.
    if (!existsSync(tokensFile(place.data))) await initialise(place);
    const tokens = await demoTokens(place);
    if (stop.signal.aborted) return 0;
    const startedMs = Date.now();
    gateway = await GatewayProgram.start(place);
    const api = new GatewayApi(gateway.httpUrl, tokens);
    const { data } = place;
    process.stdout.write(
      `${JSON.stringify(tokens, null, 2)}\nThese tokens stand in ${tokensFile(data)}, for this demo only.\n`,
    );
    return await runFleet({ gateway, api, tokens, data, startedMs, signal: stop.signal });
  } catch (error) {
    process.stderr.write(`truegrain demo: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await gateway?.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

function placeOf(env: NodeJS.ProcessEnv): GatewayPlace {
  const portOf = (name: keyof typeof PORTS): number => {
    const text = env[name] || String(PORTS[name]);
    if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
    throw new DemoRefusal(`${name} is "${text}", which is no port`);
  };
  return {
    data: resolve(env['TRUEGRAIN_DATA'] || '.truegrain'),
    httpPort: portOf('TRUEGRAIN_HTTP_PORT'),
    mqttPort: portOf('TRUEGRAIN_MQTT_PORT'),
  };
}

function makeFolder(data: string): void {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DemoRefusal(`${data} can't be made: ${(error as Error).message}`, { cause: error });
  }
}

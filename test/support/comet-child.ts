// A gateway of its own process, to be killed: the counter and its engine on a home that is written.
import { AbciServer } from '../../gateway/ledger/cometbft/abci-server.ts';
import { Engine } from '../../gateway/ledger/cometbft/engine.ts';
import { engineHome } from '../../gateway/ledger/cometbft/engine-home.ts';
import { EngineRpc } from '../../gateway/ledger/cometbft/engine-rpc.ts';
import { CometCounter } from './comet-counter.ts';
import { engineFile } from './engine-file.ts';

const home = engineHome(process.argv[2] ?? '');
if (!home.ok) throw new Error(home.detail);

const application = new CometCounter();
application.onCommit = (height) => {
  process.stdout.write(`${JSON.stringify({ height, pid: engine.pid })}\n`);
};
const { abciSocket: socketPath, rpcSocket } = home.value;
await AbciServer.listen({ socketPath, application, onFatal: console.error, onRefused: () => {} });
const engine = new Engine({
  binary: engineFile,
  home: home.value,
  rpc: new EngineRpc(rpcSocket),
  hasWork: () => false,
  activity: () => 0,
  onLog: () => {},
  onDown: () => Promise.resolve('stay_down'),
});
await engine.start();

import { coldChain } from './cold-chain.ts';
import { gatewayOutage } from './gateway-outage.ts';
import { hostile } from './hostile.ts';
import { productionLine } from './production-line.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map([
  ['cold-chain', coldChain],
  ['production-line', productionLine],
  ['gateway-outage', gatewayOutage],
  ['hostile', hostile],
]);

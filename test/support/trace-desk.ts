import type { RouteConfig } from '../../gateway/trace/route-config.ts';
import { TraceDesk } from '../../gateway/trace/trace-desk.ts';
import { MEMBER_ISS, type SoloRig } from './solo-ledger.ts';

/** Over a rig's ledger; nobody is told of its commits. */
export function traceDesk(rig: SoloRig, routes: readonly RouteConfig[] = []): TraceDesk {
  return new TraceDesk({
    reads: rig.context,
    reporter: { iss: MEMBER_ISS, origin: rig.origin, signer: () => rig.signers.log },
    routes,
    onCommitted: () => () => {},
  });
}

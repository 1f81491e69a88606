import { afterAll, beforeAll, expect, it } from 'vitest';
import { SCENARIOS } from '../../sim/scenarios/all.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');

built('a simulated world against the real gateway', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.started();
  }, 60_000);
  afterAll(() => gateway.remove());

  for (const [name, scenario] of SCENARIOS) {
    it(`${name}: ${scenario.about}`, { timeout: 120_000 }, async () => {
      const stage = gateway.stage(name, { hours: scenario.hours });
      try {
        await scenario.run(stage);
      } finally {
        stage.leave();
      }
      expect(stage.findings.length).toBeGreaterThan(0);
      expect(stage.failed).toEqual([]);
    });
  }

  it('leaves a store in which fsck finds nothing', { timeout: 60_000 }, async () => {
    await gateway.stop();
    const { code, lines } = await gateway.run('fsck');
    expect(lines.join('\n'), lines.join('\n')).not.toMatch(/\berror\b/i);
    expect(code).toBe(0);
  });
});

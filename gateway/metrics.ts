import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Counters and gauges of one gateway, in DESIGN §3's words. */
export class Metrics {
  readonly registry = new Registry();
  readonly accepted = this.#counter('truegrain_accepted_total', 'Statements admitted and durable');
  readonly duplicates = this.#counter('truegrain_duplicates_total', 'Frames that came again');
  readonly receipted = this.#counter('truegrain_receipts_total', 'Receipts sent to devices');
  readonly troubles = this.#counter('truegrain_commit_failures_total', 'Commits the disk refused');
  readonly refused = new Counter({
    name: 'truegrain_refused_total',
    help: 'Statements refused, by code; listed = its id stands in a batch statement',
    labelNames: ['code', 'listed'],
    registers: [this.registry],
  });
  readonly commitSeconds = new Histogram({
    name: 'truegrain_anchor_seconds',
    help: 'Time to sign, keep and show a checkpoint',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
    registers: [this.registry],
  });

  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }
}

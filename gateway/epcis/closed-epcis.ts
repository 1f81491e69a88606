import type { EpcisBackend, EpcisRefused } from '../http/epcis-backend.ts';

const CLOSED: EpcisRefused = {
  ok: false,
  code: 'epcis_closed',
  detail: 'This gateway has no capture key: it neither takes nor holds events.',
  breaches: [],
};

/** EPCIS at a gateway that has no key to sign events with: it says so, and knows none. */
export class ClosedEpcis implements EpcisBackend {
  readonly limits = { events: 1_000, bytes: 8 * 1024 * 1024 };

  async capture() {
    return CLOSED;
  }
  captureJob() {
    return null;
  }
  captureJobs() {
    return { jobs: [], next: null };
  }
  async captureEvent() {
    return CLOSED;
  }
  query() {
    return CLOSED;
  }
  event() {
    return null;
  }
  discover() {
    return CLOSED;
  }
  knows() {
    return false;
  }
  prefixDigits() {
    return null;
  }
  onRecorded() {
    return () => {};
  }
}

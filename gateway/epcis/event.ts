import type { Json, JsonObject } from './json.ts';

/** An event that follows the schema and the rules beyond it, and has its id. */
export interface ReadEvent {
  /** As it was sent, with `eventID` set, without `@context` and `recordTime`. */
  readonly event: JsonObject;
  /** What `@context` held where it came from, for the names that GS1 did not define; null: nothing. */
  readonly context: Json;
  readonly eventId: string;
}

/** An event of the log. */
export interface StoredEvent extends ReadEvent {
  /** Position of its statement. */
  readonly leafIndex: number;
  /** Log time of the batch that carried it: EPCIS `recordTime`. */
  readonly recordMs: number;
}

/** `next` continues after the last event whatever was captured meanwhile; null: the end. */
export interface EventPage {
  readonly events: readonly StoredEvent[];
  readonly next: string | null;
}

/** One thing wrong with a document, and the rule that says so. */
export interface RuleBreach {
  /** JSON Pointer (RFC 6901) from the document's root. */
  readonly path: string;
  /** `schema`, or a rule's own code, such as `association_parent`. */
  readonly rule: string;
  readonly message: string;
}

// A persistence for aedes that keeps nothing: every session is clean (MQTT 3.1.1 §3.1.2.4), nothing
// is retained and nothing is queued for an absent device, so there is nothing to grow. What must
// survive is in the device's queue and in the gateway's store.

/** @module no-sessions */
import { Readable } from 'node:stream';

const nothing = async (): Promise<void> => {};
const none = async (): Promise<never[]> => [];
const empty = (): Readable => Readable.from([]);

export const noSessions = {
  setup: nothing,
  storeRetained: nothing,
  createRetainedStream: empty,
  createRetainedStreamCombi: empty,
  addSubscriptions: nothing,
  removeSubscriptions: nothing,
  cleanSubscriptions: nothing,
  subscriptionsByClient: none,
  subscriptionsByTopic: none,
  outgoingEnqueue: nothing,
  outgoingEnqueueCombi: nothing,
  outgoingUpdate: nothing,
  outgoingClearMessageId: nothing,
  outgoingStream: empty,
  cleanIncoming: nothing,
  putWill: nothing,
  delWill: nothing,
  streamWill: empty,
};

import type { Result } from '../formats/result.ts';

/** What the queue refuses as a value. A disk that fails is not among them: that throws (disk.ts). */
type QueueErrorCode =
  /** The options contradict each other or can't hold one frame. */
  | 'queue_options'
  /** A field of an entry is outside what a record can carry. */
  | 'entry_invalid'
  /** The group is larger than one segment. */
  | 'group_too_large'
  /** Policy dropNewest: nothing was stored; the drop is in the open gap. */
  | 'full'
  /** Nothing left to evict and still no room: another program has filled the disk. */
  | 'disk_full'
  /** Both slots of the sequence file are unreadable: guessing could use a number twice. */
  | 'sequence_damaged'
  /** 2^53 - 1 is used up. */
  | 'sequence_exhausted';

export type QueueResult<T> = Result<T, QueueErrorCode>;

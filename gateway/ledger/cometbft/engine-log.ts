// What the engine writes: JSON lines on stdout (libs/log/tm_json_logger.go), a panic on stderr.

/** @module engine-log */

export interface EngineLogLine {
  /** `panic` is what was no log line: a Go panic, or the reason why the engine did not start. */
  readonly level: 'debug' | 'info' | 'error' | 'panic';
  readonly module: string;
  readonly message: string;
  /** What the line says besides, `err` above all. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * `wrong_app_hash`: the own state is not that of the others, or of the own blocks.
 * `app_ahead`, `app_behind`: the state knows blocks that this engine hasn't, or lacks some it no
 * longer has. `consensus_failure`: consensus stopped for another reason; its process stays up.
 */
export type EngineFaultCode = 'wrong_app_hash' | 'app_ahead' | 'app_behind' | 'consensus_failure';

export interface EngineFault {
  readonly code: EngineFaultCode;
  /** In words, with what the engine said. */
  readonly detail: string;
}

const TEXT_CHARS_MAX = 2_000;

export function parseLogLine(line: string): EngineLogLine {
  try {
    const { level, module, _msg, ts, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return {
      level: level === 'debug' || level === 'info' ? level : 'error',
      module: String(module ?? ''),
      message: String(_msg ?? '').slice(0, TEXT_CHARS_MAX),
      fields,
    };
  } catch {
    return { level: 'panic', module: '', message: line.slice(0, TEXT_CHARS_MAX), fields: {} };
  }
}

/**
 * Whether the line says that this engine can't go on. A proposal with a wrong app hash is not among
 * them: there it is the proposer who may be wrong, and the engine votes nil.
 */
export function faultOf(line: EngineLogLine): EngineFault | null {
  const said = `${line.message} ${text(line.fields['err'])}`.trim().slice(0, TEXT_CHARS_MAX);
  const isFailure = line.message.startsWith('CONSENSUS FAILURE');
  // Blocks of a sync are checked after two thirds of the votes on them were.
  if ((isFailure || line.module === 'blocksync') && said.includes('wrong Block.Header.AppHash')) {
    return fault('wrong_app_hash', "this member's state differs from the one agreed on", said);
  }
  if (said.includes('AppHash does not match AppHash after replay')) {
    return fault('wrong_app_hash', "this member's state is not that of its own blocks", said);
  }
  if (/is higher than core|uncovered case! appHeight/.test(said)) {
    return fault('app_ahead', 'the state has blocks that the engine does not know', said);
  }
  if (said.includes('is too far below block store base')) {
    return fault('app_behind', 'the engine no longer has the next block for the state', said);
  }
  return isFailure ? fault('consensus_failure', 'the engine stopped deciding', said) : null;
}

function fault(code: EngineFaultCode, words: string, said: string): EngineFault {
  return { code, detail: `${words} (${said})` };
}

/** The engine writes errors as texts; a panic's value may be anything. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}

import { expect, test } from 'vitest';
import { faultOf, parseLogLine } from '../../../../gateway/ledger/cometbft/engine-log.ts';

const line = (fields: object) => parseLogLine(JSON.stringify(fields));

test('a line of the log', () => {
  expect(
    line({ level: 'info', module: 'p2p', _msg: 'Starting', ts: '2024-01-01T00:00:00Z', peer: 'x' }),
  ).toEqual({ level: 'info', module: 'p2p', message: 'Starting', fields: { peer: 'x' } });
});

test.each(['panic: oh no', '', '{', '17', 'null', '"text"'])('no line of the log: %s', (text) => {
  expect(parseLogLine(text)).toMatchObject({ fields: {} });
});

const WRONG = 'wrong Block.Header.AppHash.  Expected AA, got BB';

test.each([
  ['wrong_app_hash', { _msg: 'CONSENSUS FAILURE!!!', err: `+2/3 committed: ${WRONG}` }],
  ['wrong_app_hash', { _msg: 'Error in validation', module: 'blocksync', err: WRONG }],
  ['consensus_failure', { _msg: 'CONSENSUS FAILURE!!!', err: 'runtime error' }],
  ['consensus_failure', { _msg: 'CONSENSUS FAILURE!!!', err: { Height: 3 } }],
])('%s', (code, fields) => {
  expect(faultOf(line({ level: 'error', ...fields }))).toMatchObject({ code });
});

test.each([
  ['wrong_app_hash', 'panic: state.AppHash does not match AppHash after replay. Got'],
  ['app_ahead', 'ERROR: failed to create node: app block height (50) is higher than core (3)'],
  ['app_ahead', 'panic: uncovered case! appHeight: 3, storeHeight: 4, stateHeight: 3'],
  ['app_behind', 'ERROR: app block height (2) is too far below block store base (9)'],
])('%s on stderr', (code, text) => {
  expect(faultOf(parseLogLine(text))).toMatchObject({
    code,
    detail: expect.stringContaining(text),
  });
});

test('a wrong proposal is the proposer’s fault until it is decided', () => {
  const fields = { _msg: 'prevote step: invalid block; prevoting nil', module: 'consensus' };
  expect(faultOf(line({ level: 'error', ...fields, err: WRONG }))).toBe(null);
});

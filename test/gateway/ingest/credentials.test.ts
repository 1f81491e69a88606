import { describe, expect, it } from 'vitest';
import { checkCredential, issueCredential } from '../../../gateway/ingest/credentials.ts';

const device = 'urn:dev:os:32473-1';
const issued = issueCredential();
const other = issueCredential();
const store = { find: (name: string) => (name === device ? issued.stored : null) };
const password = Buffer.from(issued.password);
const check = (clientId: string, username: string, shown: Uint8Array) =>
  checkCredential(store, { clientId, username, password: shown });

describe('device credentials', () => {
  it('are 32 random bytes as base64url, of which only salt and hash are kept', () => {
    expect(issued.password).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(issued.stored.hash).toHaveLength(32);
    expect(issued.stored.salt).toHaveLength(16);
    expect(other.password).not.toBe(issued.password);
    const fixed = issueCredential((bytes) => new Uint8Array(bytes));
    expect(Buffer.from(fixed.stored.hash).toString('hex')).toBe(
      // sha256(16 zero bytes ‖ 43 × 'A')
      'e57790bd742c4863c6c7b400fd409d762e28f4e05d6b505b4e6a82f552e905a0',
    );
  });

  it('prove the device they were issued to, under its own client identifier', () => {
    expect(check(device, device, password)).toEqual({ device });
    expect(check('urn:dev:os:32473-2', device, password)).toBeNull();
    expect(check(device, 'urn:dev:os:32473-2', password)).toBeNull();
  });

  it.each([
    ['another password', Buffer.from(other.password)],
    ['an empty one', Buffer.alloc(0)],
    ['a longer one', Buffer.concat([password, Buffer.from('A')])],
    ['a megabyte', Buffer.concat([password, Buffer.alloc(1_048_576)])],
    ['a shorter one', password.subarray(0, 42)],
    ['all zero', Buffer.alloc(43)],
  ])('refuse %s', (_what, shown) => {
    expect(check(device, device, shown)).toBeNull();
  });
});

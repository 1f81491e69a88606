import { expect, test } from 'vitest';
import { logRoutes } from '../../../gateway/peers/log-routes.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { json, type Member, member, openDoor, peerRecord, text } from './rig.ts';

async function log() {
  const [host, guest] = [await member('host'), await member('guest')];
  host.knows.push(peerRecord(guest));
  const backend = new FakeBackend();
  const door = await openDoor(host, { routes: [logRoutes(backend)] });
  const get = async (path: string, from: Member = guest) => {
    const answer = await from.client.request(peerRecord(host, door.port), { method: 'GET', path });
    if (!answer.ok) throw new Error(answer.detail);
    return answer;
  };
  return { backend, get };
}

test('the checkpoint, and 404 before the first', async () => {
  const { backend, get } = await log();
  const answer = await get('/log/checkpoint');
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(text(answer.body)).toBe(backend.note);
  backend.note = null;
  const none = await get('/log/checkpoint');
  expect(none.status).toBe(404);
  expect(json(none.body)).toMatchObject({ code: 'not_found' });
});

test.each([
  ['/log/tile/0/000', 8_192],
  ['/log/tile/0/000.p/3', 96],
  ['/log/tile/0/x001/x234/067', 8_192],
  ['/log/tile/entries/000.p/5', 3],
  ['/log/tile/entries/000', 3],
  ['/log/tile/0/0', -1],
  ['/log/tile/0/000.p/256', -1],
  ['/log/tile/entries/001', -1],
  ['/log/tile/1/000', -1],
  ['/log/tile/', -1],
])('%s is %d bytes (-1: not found)', async (path, size) => {
  const { get } = await log();
  const answer = await get(path);
  expect(answer.status).toBe(size < 0 ? 404 : 200);
  if (size < 0) return;
  expect(answer.body).toHaveLength(size);
  expect(answer.headers['content-type']).toBe('application/octet-stream');
  expect(answer.headers['cache-control']).toBe('private, max-age=31536000, immutable');
});

test('entries are for members, whatever the charter opens to the public', async () => {
  const { backend, get } = await log();
  backend.open = true;
  const stranger = await member('stranger');
  const answer = await get('/log/tile/entries/000.p/5', stranger);
  expect(answer.status).toBe(403);
  expect(json(answer.body)).toMatchObject({ code: 'not_a_member' });
});

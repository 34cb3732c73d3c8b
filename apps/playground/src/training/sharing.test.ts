import { expect, it, vi } from 'vitest';
import { sharing } from './sharing.ts';

type Request = (name: string, turn: () => unknown) => unknown;

it.each([
  [1, ['unroll-place-0', 'unroll-place-0', 'unroll-place-0']],
  [2, ['unroll-place-0', 'unroll-place-0', 'unroll-place-0']],
  [3, ['unroll-place-0', 'unroll-place-1', 'unroll-place-0']],
  [4, []],
])('of %i processors one is left to the page', async (processors, places) => {
  const request = vi.fn<Request>((_, turn) => turn());
  const share = sharing(processors, { request } as unknown as LockManager);
  for (let turn = 0; turn < 3; turn++) expect(await share(async () => turn)).toBe(turn);
  expect(request.mock.calls.map(([name]) => name)).toEqual(places);
});

it('lets everybody compute where there are no locks', async () => {
  expect(await sharing(2, undefined)(async () => 'done')).toBe('done');
});

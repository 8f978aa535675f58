import { expect, it } from 'vitest';
import { shortChaos } from './chaos.js';

it('moves slots between three groups and takes one away, and clients see nothing of it', async () => {
  const { findings, operations, transactions, slotsMoved } = await shortChaos('embedded', 12_000, [
    'none',
  ]);
  expect(findings.differences).toEqual([]);
  expect(findings.errors).toEqual(new Map());
  expect(slotsMoved).toBeGreaterThan(0);
  expect(operations).toBeGreaterThan(0);
  expect(transactions.count).toBeGreaterThan(0);
}, 120_000);

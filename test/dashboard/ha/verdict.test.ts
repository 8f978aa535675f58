import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { judge, type View } from '../../../dashboard/ha/verdict.js';

const DOWN_AFTER_MS = 1_500;

function views(...silences: (number | null)[]): View[] {
  return silences.map((silentMs, index) => ({ observer: `o${index}`, silentMs }));
}

describe('a master is', () => {
  test.each([
    ['healthy to all who hear it', views(0, 100, 1_499), 'healthy', 2],
    ['healthy where nobody tells anything', views(null, null, null), 'healthy', 2],
    ['suspect to one of three', views(1_500, 0, 0), 'suspect', 2],
    ['down to two of three', views(1_500, 9_000, 0), 'down', 2],
    ['suspect to two of four: that is no majority', views(2_000, 2_000, 0, 0), 'suspect', 3],
    ['suspect to one of two, the other one silent', views(2_000, null), 'suspect', 2],
    ['down to two of three, the third one silent', views(2_000, 2_000, null), 'down', 2],
    ['down to the dashboard alone, where there is no proxy', views(2_000), 'down', 1],
    ['healthy to nobody at all', [], 'healthy', 1],
  ])('%s', (_, given, health, needed) => {
    expect(judge(given, DOWN_AFTER_MS)).toMatchObject({ health, needed });
  });
});

const anyViews = fc.array(fc.option(fc.integer({ min: 0, max: 10_000 })), { maxLength: 12 });
const RANK = { healthy: 0, suspect: 1, down: 2 };
const rankOf = (silences: (number | null)[]) =>
  RANK[judge(views(...silences), DOWN_AFTER_MS).health];

describe('whatever the observers say,', () => {
  it('more than half of all of them are against a master that is down', () => {
    fc.assert(
      fc.property(anyViews, (silences) => {
        const against = silences.filter((ms) => ms !== null && ms >= DOWN_AFTER_MS).length;
        expect(rankOf(silences) === RANK.down).toBe(against > silences.length / 2);
      }),
    );
  });

  it('who falls silent does not make things worse, and who hears the master neither', () => {
    fc.assert(
      fc.property(anyViews, fc.nat(), fc.constantFrom(null, 0), (silences, at, voice) => {
        const changed = [...silences];
        if (changed.length > 0) changed[at % changed.length] = voice;
        expect(rankOf(changed)).toBeLessThanOrEqual(rankOf(silences));
      }),
    );
  });

  it('of two parts of a cluster that do not hear each other one decides at most', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), (isHere) => {
        // Each part has its own voices alone, and misses the masters of the other one.
        const here = isHere.map((own) => (own ? 9_000 : null));
        const there = isHere.map((own) => (own ? null : 9_000));
        const deciding = [here, there].filter((part) => rankOf(part) === RANK.down);
        expect(deciding.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('the order of the observers does not matter, nor does a longer time make it worse', () => {
    fc.assert(
      fc.property(anyViews, fc.integer({ min: 100, max: 5_000 }), (silences, longer) => {
        expect(rankOf([...silences].reverse())).toBe(rankOf(silences));
        const later = judge(views(...silences), DOWN_AFTER_MS + longer).health;
        expect(RANK[later]).toBeLessThanOrEqual(rankOf(silences));
      }),
    );
  });
});

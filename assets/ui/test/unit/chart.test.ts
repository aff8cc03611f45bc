import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extended, LIVE_S, sums } from '../../src/lib/chart/live';
import { roundStep, timeTicks, valueScale } from '../../src/lib/chart/scale';
import { areaPath, greatest, joined, linePath, mean, stacked, stretches, summary } from '../../src/lib/chart/shape';
import { panned, RANGES, readView, viewQuery, within, zoomed } from '../../src/lib/chart/view';
import { setDisplay } from '../../src/lib/i18n';
import { formatAt, formatSpan, formatTick, formatValue } from '../../src/lib/chart/words';
import { shortages } from '../../src/pages/dashboard/shortage';
import { drawing, GROUPS } from '../../src/pages/machine/charts';
import type { History, Metrics } from '../../src/lib/types';

// Ticks stand at local times; a zone with summer time, where days of 23 and 25 hours exist.
process.env.TZ = 'Europe/Berlin';

const MIB = 2 ** 20;
const DAY = 86_400_000;

test('steps of an axis are round in their unit', () => {
  assert.equal(roundStep(100, 4, 'percent'), 25);
  assert.equal(roundStep(0.37, 4, 'number'), 0.1);
  assert.equal(roundStep(8, 4, 'celsius'), 2);
  assert.equal(roundStep(5 * MIB, 4, 'bytes'), 2 * MIB);
  assert.equal(roundStep(3, 4, 'bytes-per-second'), 1);
});

test('an axis holds the highest value and does not magnify next to nothing', () => {
  assert.deepEqual(valueScale(43, 'percent', 100), { top: 100, ticks: [0, 25, 50, 75, 100] });
  assert.deepEqual(valueScale(43, 'milliseconds'), { top: 60, ticks: [0, 20, 40, 60] });
  assert.equal(valueScale(0.01, 'percent').top, 6);
  assert.equal(valueScale(0, 'bytes-per-second').top, 4096);
  assert.equal(valueScale(0, 'number').ticks.at(-1), 1);
  // Memory ends where it ends, with round marks below.
  assert.deepEqual(valueScale(1, 'bytes', 7.7 * 1024 * MIB), { top: 7.7 * 1024 * MIB, ticks: [0, 2, 4, 6].map((gib) => gib * 1024 * MIB) });
});

test('marks of time are round local times, and midnight is a date', () => {
  const from = new Date(2026, 10, 20, 22, 3).getTime();
  const ticks = timeTicks(from, from + 4 * 3_600_000, 4);
  assert.deepEqual(ticks.map(({ at, form }) => [new Date(at).getHours(), form]), [[23, 'minute'], [0, 'day'], [1, 'minute'], [2, 'minute']]);
  const seconds = timeTicks(from, from + 60_000, 6);
  assert.deepEqual(seconds.map(({ at }) => (at / 1000) % 10), new Array(7).fill(0));
  assert.ok(seconds.every(({ form }) => form === 'second'));
});

test('marks stay at midnight across the change to summer time', () => {
  const from = new Date(2026, 2, 27, 5).getTime();
  const ticks = timeTicks(from, from + 6 * DAY, 6);
  assert.equal(ticks.length, 6);
  assert.ok(ticks.every(({ at, form }) => new Date(at).getHours() === 0 && form === 'day'));
});

test('a year is marked by its months', () => {
  const from = new Date(2026, 0, 15).getTime();
  const ticks = timeTicks(from, from + 365 * DAY, 6);
  assert.deepEqual(ticks.map(({ at }) => [new Date(at).getMonth(), new Date(at).getDate()]), [[2, 1], [4, 1], [6, 1], [8, 1], [10, 1], [0, 1]]);
});

test('a gap breaks a line, one late second does not', () => {
  assert.deepEqual(stretches([1, null, 2, null, null, 3]), [[0, 2], [5]]);
  assert.deepEqual(stretches([null, null]), []);
  const x = (index: number) => index;
  const y = (value: number) => -value;
  assert.equal(linePath([1, 2, null, null, 3], x, y), 'M0,-1L1,-2M4,-3h.1');
  assert.equal(areaPath([0, 0, null, null, 0], [1, 2, null, null, 3], x, y), 'M0,-1L1,-2L1,0L0,0ZM4,-3L4,0Z');
});

test('stacked areas add up and share their gaps', () => {
  assert.deepEqual(stacked([[1, null, null], [2, 3, null]]), [[1, 0, null], [3, 3, null]]);
  assert.deepEqual(stacked([]), []);
});

test('fewer values keep the mean of means and the highest peak', () => {
  const values = [1, 3, null, null, 5, null, 7];
  assert.deepEqual(joined(values, 2, mean), [2, null, 5, 7]);
  assert.deepEqual(joined(values, 4, greatest), [3, 7]);
  assert.equal(joined(values, 1, mean), values);
  assert.deepEqual(summary([1, 3, null], [4, null, null]), { latest: 3, mean: 2, peak: 4 });
  assert.equal(summary([null], [null]), null);
});

test('values are written with their units in both languages', () => {
  for (const lang of ['en', 'ar'] as const) {
    assert.equal(formatValue(12.345, 'percent', lang), '12.3 %');
    assert.equal(formatValue(1536, 'bytes-per-second', lang), '1.5 KiB/s');
    assert.equal(formatValue(0.256, 'milliseconds', lang), '0.26 ms');
    assert.equal(formatValue(48, 'celsius', lang), '48 °C');
    assert.equal(formatValue(2, 'per-second', lang), '2/s');
  }
  assert.equal(formatValue(1234.5, 'number', 'en'), '1,234.5');
});

test('times are written as the language does, with Western digits and 24 hours', () => {
  const at = new Date(2026, 10, 21, 14, 5, 9).getTime();
  assert.equal(formatTick(at, 'second', 'en'), '14:05:09');
  assert.equal(formatTick(at, 'minute', 'ar'), '14:05');
  assert.equal(formatTick(at, 'day', 'ar'), '21 نوفمبر');
  assert.equal(formatTick(at, 'month', 'en'), 'Nov 2026');
  assert.match(formatAt(at, 1000, 'en'), /Nov 21, 2026.*14:05:09/);
  assert.doesNotMatch(formatAt(at, 60_000, 'ar'), /14:05:09/);
  assert.match(formatSpan(at, at + 3_600_000, 'en'), /14:05\s–\s15:05/);
});

test('a view survives its address, and nonsense in an address is nothing', () => {
  const fixed = { from: Date.parse('2026-11-20T10:00:00Z'), to: Date.parse('2026-11-20T11:00:00Z') };
  for (const view of [{ range: '24h', fixed: null }, { range: '5m', fixed }] as const) {
    assert.deepEqual(readView(new URLSearchParams(viewQuery(view))), view);
  }
  // A page may mean another range by an address without one.
  const usual = { range: '1h', fixed: null } as const;
  assert.equal(viewQuery(usual, '1h').range, '');
  assert.deepEqual(readView(new URLSearchParams(), '1h'), usual);
  assert.equal(viewQuery({ range: '5m', fixed: null }, '1h').range, '5m');
  for (const query of ['range=toString', 'range=2h', 'from=x&to=y', 'from=2026-11-20&to=2026-11-19']) {
    assert.deepEqual(readView(new URLSearchParams(query)), { range: '5m', fixed: null }, query);
  }
  assert.equal(RANGES['1y'], 365 * 86_400);
});

test('zooming keeps the moment in its place, and nothing leaves what is kept', () => {
  const now = 1_800_000_000_000;
  const span = { from: now - 200_000, to: now };
  assert.deepEqual(zoomed(span, 0.5, now - 60_000, now), { from: now - 130_000, to: now - 30_000 });
  assert.deepEqual(panned(span, -0.5, now), { from: now - 300_000, to: now - 100_000 });
  assert.deepEqual(panned(span, 3, now), span);
  assert.equal(within({ from: now - 10, to: now }, now).from, now - 60_000);
  const widest = zoomed(span, 1e9, now, now);
  assert.equal(widest.to, now);
  assert.equal(widest.to - widest.from, 732 * DAY);
});

const line = (family: 'network-received' | 'network-sent', object: string, mean: (number | null)[]) =>
  ({ family, object, unit: 'bytes-per-second', mean, peak: mean }) as const;
const START = Date.parse('2026-11-21T10:00:00Z');
const history = (lines: History['lines']): History => ({ from: new Date(START).toISOString(), step_s: 1, lines });
const figures = (second: number, values: Metrics['values']) => ({ at: new Date(START + second * 1000 + 4).toISOString(), values }) as Metrics;

test('a live history goes on, with its gaps and with what is new', () => {
  const before = history([line('network-received', 'eth0', [1, 2])]);
  const after = extended(before, figures(4, [
    { family: 'network-received', object: 'eth0', value: 5 },
    { family: 'network-received', object: 'wg0', value: 7 },
    { family: 'load1', object: '', value: 9 },
  ]), ['network-received']);
  assert.deepEqual(after.lines.map(({ object, mean }) => [object, mean]), [['eth0', [1, 2, null, null, 5]], ['wg0', [null, null, null, null, 7]]]);
  assert.equal(extended(before, figures(1, []), ['network-received']), before);
  const later = extended(before, figures(LIVE_S + 1, []), ['network-received']);
  assert.equal(later.lines[0]?.mean.length, LIVE_S);
  assert.equal(Date.parse(later.from), START + 2000);
});

test('interfaces are added up where one of them was measured', () => {
  const two = history([line('network-received', 'a', [1, null, null]), line('network-sent', 'b', [2, 3, null])]);
  assert.deepEqual(sums(two, ['network-received', 'network-sent']), [3, 3, null]);
  assert.deepEqual(sums(null, ['network-sent']), []);
});

test('of many lines the busiest are drawn, in their own order', () => {
  const spec = GROUPS.flatMap(({ charts }) => charts).find(({ id }) => id === 'network');
  assert.ok(spec);
  const many = history(Array.from({ length: 12 }, (_, index) => line('network-sent', `eth${index}`, [index])));
  const drawn = drawing(spec, many);
  assert.equal(drawn?.all, 12);
  assert.deepEqual(drawn?.lines.map(({ object }) => object), [4, 5, 6, 7, 8, 9, 10, 11].map((index) => `eth${index}`));
  assert.equal(drawing(spec, history([])), null);
});

test('every chart has an address of its own and every family one chart', () => {
  const charts = GROUPS.flatMap((group) => group.charts);
  assert.equal(new Set(charts.map(({ id }) => id)).size, charts.length);
  const families = charts.flatMap((chart) => chart.families);
  assert.equal(new Set(families).size, families.length);
});

test('what runs out is told, the worst first', () => {
  const values: Metrics['values'] = [
    { family: 'space-used', object: '/', value: 90 },
    { family: 'space-used', object: '/srv', value: 93 },
    { family: 'inodes-used', object: '/var', value: 98 },
    { family: 'cpu-user', object: '', value: 99 },
  ];
  assert.deepEqual(shortages(values, 25).map(({ kind, object, grave, chart }) => [kind, object, grave, chart]), [
    ['inodes', '/var', true, 'inodes'],
    ['space', '/srv', false, 'space'],
    ['memory', '', false, 'pressure'],
  ]);
  assert.deepEqual(shortages([], null), []);
  assert.deepEqual(shortages([], 9.9), []);
});

test('marks and moments follow the clocks of the reader, not those of the browser', () => {
  const wall = (zone: string, at: number) => new Intl.DateTimeFormat('en', { timeZone: zone, month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  const from = Date.parse('2026-11-20T20:10:00Z');
  // Five hours and three quarters ahead of UTC: neither the hours nor the days begin where they do in Berlin.
  const hours = timeTicks(from, from + 8 * 3_600_000, 8, 'Asia/Kathmandu');
  assert.deepEqual(hours.map(({ at }) => wall('Asia/Kathmandu', at)), [2, 3, 4, 5, 6, 7, 8, 9].map((hour) => `11/21, 0${hour}:00`));
  const days = timeTicks(from, from + 5 * DAY, 5, 'Asia/Kathmandu');
  assert.ok(days.length === 5 && days.every(({ at, form }) => wall('Asia/Kathmandu', at).endsWith(', 00:00') && form === 'day'));
  const minutes = timeTicks(from, from + 3_600_000, 4, 'Asia/Kathmandu');
  assert.deepEqual(minutes.map(({ at }) => wall('Asia/Kathmandu', at).slice(-5)), ['02:00', '02:15', '02:30', '02:45']);
  const midnight = timeTicks(Date.parse('2026-11-20T20:30:00Z'), Date.parse('2026-11-20T21:30:00Z'), 4, 'Asia/Riyadh');
  assert.deepEqual(midnight.map(({ form }) => form), ['minute', 'minute', 'day', 'minute', 'minute']);
});

test('clocks that are changed leave no mark twice and none away from midnight', () => {
  for (const [zone, from] of [['America/New_York', '2026-03-07T12:00:00Z'], ['America/New_York', '2026-10-31T12:00:00Z'], ['Africa/Cairo', '2026-04-23T12:00:00Z'], ['Australia/Lord_Howe', '2026-10-03T02:00:00Z']] as const) {
    const begin = Date.parse(from);
    const hours = timeTicks(begin, begin + DAY, 24, zone).map(({ at }) => at);
    assert.equal(new Set(hours).size, hours.length, zone);
    assert.deepEqual([...hours].sort((a, b) => a - b), hours, zone);
    assert.ok(hours.length >= 22 && hours.length <= 26, `${zone}: ${hours.length}`);
    for (const { at } of timeTicks(begin, begin + 5 * DAY, 5, zone)) {
      const hour = new Intl.DateTimeFormat('en', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' }).format(at);
      // Cairo's clocks skip midnight itself.
      assert.ok(hour === '00' || (zone === 'Africa/Cairo' && hour === '01'), `${zone} ${hour}`);
    }
  }
});

test('the time under the cursor is written in the digits, calendar and zone of the reader', () => {
  const at = Date.parse('2026-11-21T22:05:00Z');
  setDisplay({ digits: 'arabic-indic', calendar: 'with-hijri', timeZone: 'Asia/Riyadh' });
  assert.equal(formatTick(at, 'minute', 'ar'), '٠١:٠٥');
  assert.match(formatAt(at, 60_000, 'ar'), /٢٢ نوفمبر.*٠١:٠٥.*\(١٢ جمادى الآخرة ١٤٤٨/);
  assert.equal(formatValue(12.5, 'percent', 'ar'), '١٢٫٥ %');
  setDisplay({ digits: 'latin', calendar: 'gregorian', timeZone: null });
});

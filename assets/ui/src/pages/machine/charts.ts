// The charts of the machine, in their order. One request brings all charts of a group.
import { stacked, type Values } from '../../lib/chart/shape';
import type { PlainKey } from '../../lib/locale.svelte';
import type { Family, Group, History, Unit } from '../../lib/types';

export interface ChartSpec {
  /** Its place in the page: `/machine#ID`. */
  id: string;
  title: PlainKey;
  families: readonly Family[];
  /** Shares of one whole lie on top of each other. */
  stack?: boolean;
  /** Upper edge, where values have one: a number, or what this family says. */
  max?: number | Family;
}

export interface GroupSpec {
  group: Group;
  charts: readonly ChartSpec[];
}

export const GROUPS: readonly GroupSpec[] = [
  {
    group: 'cpu',
    charts: [
      { id: 'cpu', title: 'machine.chart.cpu', families: ['cpu-user', 'cpu-system', 'cpu-iowait', 'cpu-steal'], stack: true, max: 100 },
      { id: 'cpu-quota', title: 'machine.chart.cpu_quota', families: ['cpu-quota'], max: 100 },
    ],
  },
  { group: 'memory', charts: [{ id: 'memory', title: 'machine.chart.memory', families: ['memory-used', 'memory-cached'], max: 'memory-total' }] },
  { group: 'load', charts: [{ id: 'load', title: 'machine.chart.load', families: ['load1', 'load5', 'load15'] }] },
  {
    group: 'pressure',
    charts: [
      {
        id: 'pressure',
        title: 'machine.chart.pressure',
        families: ['pressure-cpu', 'pressure-memory', 'pressure-io', 'pressure-memory-full', 'pressure-io-full'],
      },
    ],
  },
  {
    group: 'network',
    charts: [
      { id: 'network', title: 'machine.chart.network', families: ['network-received', 'network-sent'] },
      { id: 'network-errors', title: 'machine.chart.network_errors', families: ['network-errors'] },
    ],
  },
  {
    group: 'disk',
    charts: [
      { id: 'disk', title: 'machine.chart.disk', families: ['disk-read', 'disk-written'] },
      { id: 'disk-busy', title: 'machine.chart.disk_busy', families: ['disk-busy'], max: 100 },
      { id: 'disk-latency', title: 'machine.chart.disk_latency', families: ['disk-latency'] },
    ],
  },
  {
    group: 'space',
    charts: [
      { id: 'space', title: 'machine.chart.space', families: ['space-used'], max: 100 },
      { id: 'inodes', title: 'machine.chart.inodes', families: ['inodes-used'], max: 100 },
    ],
  },
  { group: 'swap', charts: [{ id: 'swap', title: 'machine.chart.swap', families: ['swap-used'], max: 'swap-total' }] },
  { group: 'temperature', charts: [{ id: 'temperature', title: 'machine.chart.temperature', families: ['temperature'] }] },
  { group: 'cores', charts: [{ id: 'cores', title: 'machine.chart.cores', families: ['core'], max: 100 }] },
  {
    group: 'tasks',
    charts: [
      { id: 'tasks', title: 'machine.chart.tasks', families: ['tasks'] },
      { id: 'tasks-running', title: 'machine.chart.tasks_running', families: ['tasks-running'] },
    ],
  },
  {
    group: 'panel',
    charts: [
      { id: 'panel-cpu', title: 'machine.chart.panel_cpu', families: ['panel-cpu'] },
      { id: 'panel-memory', title: 'machine.chart.panel_memory', families: ['panel-memory'] },
    ],
  },
];

/** One line as it is drawn. */
export interface Drawn {
  key: string;
  family: Family;
  object: string;
  mean: Values;
  peak: Values;
}

export interface Drawing {
  unit: Unit;
  lines: Drawn[];
  /** How many lines there are; more than [`LINES_MAX`] cannot be told apart. */
  all: number;
  max?: number;
}

export const LINES_MAX = 8;

const level = (values: Values) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** What `spec` shows of its group's history; null when nothing was measured. */
export function drawing(spec: ChartSpec, history: History): Drawing | null {
  const mine = history.lines.filter((line) => spec.families.includes(line.family));
  const first = mine[0];
  if (!first) return null;
  const busiest = new Set([...mine].sort((a, b) => level(b.mean) - level(a.mean)).slice(0, LINES_MAX));
  const shown = mine.filter((line) => busiest.has(line));
  const { max } = spec;
  const limit = typeof max === 'string' ? history.lines.find((line) => line.family === max)?.mean.findLast((value) => value !== null) : max;
  return {
    unit: first.unit,
    all: mine.length,
    max: limit ?? undefined,
    lines: shown.map(({ family, object, mean, peak }) => ({ key: `${family} ${object}`, family, object, mean, peak })),
  };
}

/** Sum of all lines at each moment. */
export function together(lines: readonly Drawn[]): Values {
  return stacked(lines.map((line) => line.mean)).at(-1) ?? [];
}

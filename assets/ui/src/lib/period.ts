// Days in an address, as moments for the API: from the beginning of the first to the end of the last, in the reader's zone.

function midnight(day: string, later: number): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const at = new Date(`${day}T00:00`);
  if (Number.isNaN(at.getTime())) return undefined;
  at.setDate(at.getDate() + later);
  return at.toISOString();
}

/** Filters with their days `from` and `until` (both included) as moments; what is no day is left out. */
export function withPeriod<Given extends { from?: string; until?: string }>(given: Given): Given {
  const { from, until, ...rest } = given;
  const [begin, end] = [midnight(from ?? '', 0), midnight(until ?? '', 1)];
  return { ...rest, ...(begin && { from: begin }), ...(end && { until: end }) } as Given;
}

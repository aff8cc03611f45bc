// Many things may happen at once, such as a thousand sites that are switched: what they change is read once afterwards.

/** As long as no further event comes. */
const SETTLE_MS = 400;

/** Answers what calls `load` as soon as it has been quiet for a moment, and what stops that. */
export function whenQuiet(load: () => void): { tell: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  return {
    tell: () => {
      stop();
      timer = setTimeout(load, SETTLE_MS);
    },
    stop,
  };
}

/** Languages and themes in which every page is looked at: all of them with MANARA_E2E_FULL, else each language in one theme. */
export const VARIANTS = process.env.MANARA_E2E_FULL
  ? [['en', 'light'], ['en', 'dark'], ['ar', 'light'], ['ar', 'dark']]
  : [['en', 'light'], ['ar', 'dark']];

// Short notices about something that has just been done, with the way back where there is one.

export interface Toast {
  id: number;
  text: string;
  tone: 'ok' | 'danger';
  undo?: () => void;
}

const SHOWN_MS = 8_000;

let list = $state.raw<Toast[]>([]);
let nextId = 1;

export const toasts = {
  get list(): Toast[] {
    return list;
  },
};

export function dropToast(id: number): void {
  list = list.filter((toast) => toast.id !== id);
}

/** Takes back what a notice tells of, by default the newest that offers it. Answers whether there was one. */
export function undoToast(toast = list.findLast(({ undo }) => undo)): boolean {
  if (!toast) return false;
  dropToast(toast.id);
  toast.undo?.();
  return true;
}

/** Shows a notice for eight seconds; a failure stays until it is closed. */
export function notify(text: string, options: { tone?: Toast['tone']; undo?: () => void } = {}): void {
  const toast: Toast = { id: nextId, text, tone: options.tone ?? 'ok', undo: options.undo };
  nextId += 1;
  list = [...list, toast];
  if (toast.tone === 'ok') setTimeout(() => dropToast(toast.id), SHOWN_MS);
}

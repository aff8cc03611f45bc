// Short notices about something that has just been done, with the way back where there is one.

export interface Toast {
  id: number;
  text: string;
  tone: 'ok' | 'danger';
  undo?: () => void;
}

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

/** Shows a notice for a while; a failure stays until it is closed. */
export function notify(text: string, options: { tone?: Toast['tone']; undo?: () => void } = {}): void {
  list = [...list, { id: nextId, text, tone: options.tone ?? 'ok', undo: options.undo }];
  nextId += 1;
}

"""One line per figure."""


def line(number, what, ours, goal, peer=None, unit="", peer_name=""):
    """Prints `ours` beside `peer` (both in `unit`), their ratio, and the goal."""
    shown_peer = f"{peer_name} {amount(peer)}{unit}".strip() if peer is not None else "-"
    ratio = f"{ours / peer:.2f}" if peer else "-"
    print(f"{number:4} {what:<46} {shown_peer:>20} {amount(ours) + unit:>14} {ratio:>7}  {goal}", flush=True)


def amount(number):
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def percentile(values, p):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))]

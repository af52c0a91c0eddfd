"""What a campaign of mutants has to say, in text."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

HEAD = ("part", "mutants", "by tests", "by the proof", "hang", "survive", "share", "equivalent")
WIDTHS = (18, 8, 9, 13, 5, 8, 7, 11)


def told(rows: Sequence[Any]) -> str:
    """The table by part, the sorts of faults, and each survivor with its lines."""
    parts: dict[str, Counter[str]] = defaultdict(Counter)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for counts in (parts[row["part"]], parts["all"], kinds[row["kind"]]):
            counts[how(row)] += 1
    lines = [_line(HEAD)]
    for part in [*(one for one in parts if one != "all"), "all"]:
        lines.append(_line(_row(part, parts[part])))
    lines += ["", "By kind of fault, mutants and survivors:"]
    for kind, counts in sorted(kinds.items()):
        lines.append(f"  {kind:20} {counts.total():5} {counts['survived']:5}")
    survivors = [row for row in rows if row["fate"] == "survived"]
    lines += ["", f"Survivors: {len(survivors)}"]
    for row in sorted(survivors, key=lambda row: (row["path"], row["line"])):
        where = f"{row['path']}:{row['line']}{' ' * bool(row['query'])}{row['query']}"
        lines += ["", f"{where} ({row['kind']}, {row['tests']} tests)"]
        lines += [f"    {line}" for line in row["diff"]]
    return "\n".join(lines)


def how(row: Any) -> str:
    """What became of a mutant, in a word."""
    if row["fate"] in ("survived", "equivalent"):
        return str(row["fate"])
    if row["by"].startswith("proof"):
        return "proof"
    return "hangs" if row["by"] == "hangs" else "tests"


def _row(part: str, counts: Counter[str]) -> tuple[object, ...]:
    equivalent, survivors = counts["equivalent"], counts["survived"]
    all_of_them = counts.total() - equivalent  # that anybody could notice
    share = f"{survivors / max(all_of_them, 1):.1%}"
    killed = counts["tests"], counts["proof"], counts["hangs"]
    return (part, all_of_them, *killed, survivors, share, equivalent)


def _line(cells: Sequence[object]) -> str:
    return " ".join(
        f"{cell:<{width}}" if not n else f"{cell:>{width}}"
        for n, (cell, width) in enumerate(zip(map(str, cells), WIDTHS, strict=True))
    )

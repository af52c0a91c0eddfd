"""The faults of SQL: made on its text; what PostgreSQL does not understand is no mutant.

Nor is another word in a sentence for people, as in a comment.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from tests.prove.mutants.change import Change

HEADER = re.compile(r"^-- name: (\w+) :\w+$", re.MULTILINE)
COMMENT = re.compile(r"--.*$", re.MULTILINE)
TEXT = re.compile(r"'[^']*'")
PARAMETER = re.compile(r"%\((\w+)\)s::([a-z]+(?:\[\])?)")
COLUMN = re.compile(r"\b([a-z_]+)\.([a-z_]+)\b(?!\()")
COMPARISON = re.compile(r"(?<![<>=:|-])(<=|>=|<>|<|>|=)(?![<>=@])")
TURNED = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="),
    "=": ("<>",), "<>": ("=",),
}  # fmt: skip
# What is one way, and what else it could be.
WORDS = (
    (r"\bLEFT JOIN\b", "JOIN", "join"),
    (r"(?<!LEFT )(?<!CROSS )\bJOIN\b(?! LATERAL)", "LEFT JOIN", "join"),
    (r"\bIS NOT NULL\b", "IS NULL", "null"),
    (r"\bIS NULL\b", "IS NOT NULL", "null"),
    (r"\bNOT (?=is_|%|EXISTS)", "", "not dropped"),
    (r"\bAND\b", "OR", "and/or"),
    (r"\bOR\b", "AND", "and/or"),
    (r" DESC\b", "", "order"),
    (r"(?<=ORDER BY )[\w.]+(?![\w.]| DESC)", r"\g<0> DESC", "order"),
    (r"\bDISTINCT ", "", "distinct dropped"),
    (r"\bFOR NO KEY UPDATE\b", "", "lock dropped"),
    (r" SKIP LOCKED\b", "", "lock dropped"),
    (r"\bmax\b", "min", "min/max"),
    (r"\btrue\b", "false", "constant"),
    (r"\bfalse\b", "true", "constant"),
    (r"(?<=\s)\+(?= )", "-", "arithmetic"),
    (r"(?<=\s)-(?= [\w(%])", "+", "arithmetic"),
    (r"\bnow\(\)", "'-infinity'::timestamptz", "constant"),
    (r"\b(?:lower)\(([^()]*(?:\([^()]*\)[^()]*)*)\)", r"\1", "function dropped"),
)
WRAPPED = re.compile(r"\b(?:coalesce|nullif)\(")
WHEN = re.compile(r"\bWHEN\b.*?(?=\bWHEN\b|\bELSE\b|\bEND\b)", re.DOTALL)
BEGINS = re.compile(r"\b(AND|WHERE|ON)\b")
ENDS = re.compile(
    r"\b(AND|OR|ORDER|GROUP|LIMIT|THEN|WHERE|RETURNING|FOR|LEFT|JOIN|CROSS|WINDOW|HAVING|FILTER)\b"
)


def changes(source: str) -> Iterator[tuple[str, Change]]:
    """Every fault that this can make, with the name of the query that it is in."""
    bare = COMMENT.sub(lambda found: " " * len(found[0]), source)
    bare = TEXT.sub(lambda found: " " * len(found[0]) if " " in found[0] else found[0], bare)
    headers = list(HEADER.finditer(source))
    ends = [one.start() for one in headers[1:]] + [len(source)]
    for header, end in zip(headers, ends, strict=True):
        start = header.end()
        for change in in_query(bare[start:end]):
            at = [len(source[: start + one].encode()) for one in change[:2]]
            yield header[1], Change(at[0], at[1], change.new, change.kind)


def in_query(text: str) -> Iterator[Change]:
    """The faults of one query, whose comments are blank."""
    yield from _neighbours(text)
    for found in COMPARISON.finditer(text):
        for other in TURNED[found[0]]:
            yield Change(*found.span(), other, "comparison")
    for found in re.finditer(r"(?<![\w$.%'])\d+(?![\w'.])", text):
        yield Change(*found.span(), str(int(found[0]) + 1), "bound")
        if int(found[0]):
            yield Change(*found.span(), str(int(found[0]) - 1), "bound")
    for pattern, other, kind in WORDS:
        for found in re.finditer(pattern, text):
            yield Change(*found.span(), found.expand(other), kind)
    for found in WHEN.finditer(text):
        yield Change(*found.span(), "", "case dropped")
    yield from _conditions(text)
    for found in WRAPPED.finditer(text):
        arguments = list(_arguments(text, found.end()))
        if len(arguments) > 1:
            first, last = arguments[0], arguments[-1]
            inner = text[first[0] : first[1]]
            yield Change(found.start(), last[1] + 1, inner, "coalesce dropped")


def _neighbours(text: str) -> Iterator[Change]:
    """A column, a parameter or a text for the next one of its like in the same query."""
    columns: dict[str, list[str]] = defaultdict(list)
    texts: list[str] = []
    parameters: dict[str, list[str]] = defaultdict(list)
    for found in COLUMN.finditer(text):
        if found[2] not in columns[found[1]]:
            columns[found[1]].append(found[2])
    for found in re.finditer(r"'([a-z_-]+)'", text):
        if found[1] not in texts:
            texts.append(found[1])
    for found in PARAMETER.finditer(text):
        if found[1] not in parameters[found[2]]:
            parameters[found[2]].append(found[1])
    for found in COLUMN.finditer(text):
        if other := _next(columns[found[1]], found[2]):
            yield Change(*found.span(2), other, "column")
    for found in re.finditer(r"'([a-z_-]+)'", text):
        if other := _next(texts, found[1]):
            yield Change(*found.span(1), other, "constant")
    for found in PARAMETER.finditer(text):
        if other := _next(parameters[found[2]], found[1]):
            yield Change(*found.span(1), other, "parameter")


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)] if len(names) > 1 else ""


def _conditions(text: str) -> Iterator[Change]:
    """Each part of a condition left out."""
    for found in BEGINS.finditer(text):
        end = _end(text, found.end())
        follows = ENDS.match(text, end)
        if found[0] == "AND":
            yield Change(found.start(), end, "", "condition dropped")
        elif follows and follows[0] == "AND":
            yield Change(found.end(), follows.end(), "", "condition dropped")
        elif found[0] == "WHERE":
            yield Change(found.start(), end, "", "condition dropped")


def _end(text: str, at: int) -> int:
    """Where a condition ends that begins here."""
    depth = 0
    while at < len(text):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth < 0 or text[at] == ";" or (not depth and ENDS.match(text, at)):
            return at
        at += 1
    return at


def _arguments(text: str, at: int) -> Iterator[tuple[int, int]]:
    """The places of the arguments of a call whose parenthesis was just opened."""
    depth, start = 0, at
    for at in range(start, len(text)):
        if text[at] == "," and not depth:
            yield start, at
            start = at + 1
        depth += (text[at] == "(") - (text[at] == ")")
        if depth < 0:
            yield start, at
            return

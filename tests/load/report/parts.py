"""Pieces of a page."""

from collections.abc import Mapping
from html import escape


def section(title: str, words: str, *parts: str) -> str:
    """A heading, a sentence, and what belongs to it."""
    said = f'<p class="soft">{escape(words)}</p>' if words else ""
    return f"<section><h2>{escape(title)}</h2>{said}{''.join(parts)}</section>"


def two(*figures: str) -> str:
    """Figures side by side where there is room."""
    return f'<div class="grid2">{"".join(figures)}</div>'


def sentence(words: str) -> str:
    """Words as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def facts(title: str, found: Mapping[str, str]) -> str:
    """A card of names and values."""
    if not found:
        return ""
    rows = "".join(
        f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in found.items()
    )
    return f'<div class="card facts-card"><h3>{title}</h3><dl class="facts">{rows}</dl></div>'

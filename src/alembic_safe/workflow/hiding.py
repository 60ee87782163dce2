"""Takes the values of statements out of texts: many values, of which a text repeats few."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.bridge.worker.masking import mask_values
from alembic_safe.model.secrets import hide_quoted


class Hidden:
    """Values that are shown nowhere.

    A loop that inserts forty thousand rows has as many values, and perhaps as many findings: a text is searched for
    the values of its own parts, and not once for every value.
    """

    def __init__(self, values: Iterable[str]) -> None:
        # a value of several lines stands in Python code and in a recipe with its line ends escaped
        self._spelled = {spelling for one in values for spelling in (one, repr(one)[1:-1])}
        self._lengths = sorted({len(one) for one in self._spelled}, reverse=True)
        self._known: dict[str, str] = {}

    def out_of(self, text: str) -> str:
        """A text of code without them, the longest taken first."""
        if not text or not self._spelled:
            return text
        # the findings of a loop share their line of source, and mostly all that is said of it
        if text not in self._known:
            self._known[text] = mask_values(text, self._in(text))
        return self._known[text]

    def out_of_prose(self, text: str) -> str:
        """A sentence or recipe of ours without them: it repeats them in quotes, and a single word that is not quoted
        is our own, or an object's name."""
        found = self._in(text) if text and self._spelled else []
        for value in found:
            text = (
                hide_quoted(text, value)
                if value.isidentifier() and len(value) > 2
                else mask_values(text, [value])
            )
        return text

    def _in(self, text: str) -> list[str]:
        found: dict[str, None] = {}
        for length in self._lengths:
            if 0 < length <= len(text):
                parts = (text[at : at + length] for at in range(len(text) - length + 1))
                found |= {part: None for part in parts if part in self._spelled}
        return list(found)

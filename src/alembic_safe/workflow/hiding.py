"""Takes the values of statements out of texts: many values, of which a text repeats few."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.bridge.worker.masking import mask_values


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
        """The text without them, the longest taken first."""
        if not text or not self._spelled:
            return text
        # the findings of a loop share their line of source, and mostly all that is said of it
        if text not in self._known:
            self._known[text] = mask_values(text, self._in(text))
        return self._known[text]

    def _in(self, text: str) -> list[str]:
        found: dict[str, None] = {}
        for length in self._lengths:
            if 0 < length <= len(text):
                parts = (text[at : at + length] for at in range(len(text) - length + 1))
                found |= {part: None for part in parts if part in self._spelled}
        return list(found)

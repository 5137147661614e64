"""Lines of a document that remember where they stood in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of a document.

    `lines` have no line feed at their end; `numbers` are their 1-based lines in the document, as
    many. `complete` is False where the last line had no line feed.
    """

    lines: Sequence[bytes]
    numbers: Sequence[int]
    complete: bool = True

    @classmethod
    def of(cls, data: bytes, first_line: int = 1) -> Text:
        lines = data.split(b"\n")
        complete = not lines[-1]
        if complete:
            lines.pop()
        return cls(lines, range(first_line, first_line + len(lines)), complete)

    def __len__(self) -> int:
        return len(self.lines)

    def part(self, start: int, stop: int | None = None) -> Text:
        """The lines from index `start` to before `stop`."""
        end = len(self.lines) if stop is None else min(stop, len(self.lines))
        complete = self.complete or end < len(self.lines)
        return Text(self.lines[start:end], self.numbers[start:end], complete)

    def with_lines(self, lines: Sequence[bytes]) -> Text:
        """The same places with other bytes, line for line."""
        return replace(self, lines=lines)

    def join(self) -> bytes:
        """The bytes, each line with its line feed (the last one only where it had one)."""
        data = b"\n".join(self.lines)
        return data + b"\n" if self.lines and self.complete else data

    def number(self, index: int) -> int:
        """The document's line of `index`; of the last line for an index past the end."""
        if not self.numbers:
            return 0
        return self.numbers[min(index, len(self.numbers) - 1)]


def concatenate(parts: Iterable[Text]) -> Text:
    """One text of several, in order."""
    lines: list[bytes] = []
    numbers: list[int] = []
    complete = True
    for part in parts:
        lines.extend(part.lines)
        numbers.extend(part.numbers)
        complete = part.complete
    return Text(lines, numbers, complete)


def decode(data: bytes) -> str:
    """Text of unknown encoding for people: UTF-8 if it is that, else latin-1 (as git mailinfo)."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")

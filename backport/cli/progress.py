"""One line on a terminal that says what is being done, for anything longer than a second."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Protocol, TextIO

from backport.report.terminal import clip, harmless

AFTER, EVERY = 1.0, 0.2


class Event(Protocol):
    """What the engine tells: a stage, patch k of n, the target's name."""

    @property
    def stage(self) -> str: ...
    @property
    def patch(self) -> int: ...
    @property
    def patches(self) -> int: ...
    @property
    def target(self) -> str: ...


def words(event: Event) -> str:
    """`patch 3 of 30 on linux-6.1: placement`."""
    patch = f"patch {event.patch} of {event.patches}" if event.patches and event.patch else ""
    place = f" on {event.target}" if event.target else ""
    head = f"{patch}{place}".strip()
    return f"{head}: {event.stage}" if head else event.stage


class Progress:
    """A context: events come in by `event`; a thread of its own draws, so that a long stage shows too.

    Nothing is drawn when the stream is no terminal or `quiet`, and the line is wiped at the end."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, after: float = AFTER) -> None:
        self._stream = stream
        self._after = after
        self._text = "reading"
        self._drawn = False
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        if not quiet and stream.isatty():
            self._thread = threading.Thread(target=self._draw, daemon=True)

    def event(self, event: Event) -> None:
        self._text = words(event)

    def __enter__(self) -> Progress:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        if self._drawn:
            self._put("\r\x1b[K")

    def _draw(self) -> None:
        wait = self._after
        while not self._done.wait(wait):
            self._drawn = True
            self._put("\r\x1b[K" + clip(harmless(self._text), 76) + " ...")
            wait = EVERY

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

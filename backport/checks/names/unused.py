"""Locals that the added lines declare, and whose uses upstream stand on lines that the target has not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backport.checks.names.worlds import Judged, Worlds
from backport.csource.uses import Stretch
from backport.csource.uses_scope import FOR, LOCAL, Local


@dataclass(frozen=True, slots=True)
class Unused:
    """A local of the function `label` that nothing uses in the target: declared at line `line` of the patch and
    `target` of the target; `used` is a line of upstream's file that uses it."""

    name: str
    judged: Judged
    hunk: int
    line: int
    target: int
    label: str
    used: int


def unused(worlds: Worlds) -> tuple[Unused, ...]:
    return worlds.context.once("unused locals", lambda: tuple(_unused(worlds)))


def _unused(worlds: Worlds) -> Iterator[Unused]:
    for judged in worlds.files:
        if judged.up is None:
            continue
        for added in judged.file.landed:
            stretch = judged.after.stretch(added.target)
            upstream = judged.up_stretch(added.line)
            if not stretch.function or upstream is None or not upstream.function:
                continue
            for name, local in _declared(stretch, added.target):
                if any(True for _ in _uses(stretch, local)) or _hidden(added.text):
                    continue
                same = next((x for n, x in _declared(upstream, added.line) if n == name), None)
                used = next(iter(_uses(upstream, same)), 0) if same is not None else 0
                if used:
                    label = stretch.label
                    yield Unused(name, judged, added.hunk, added.line, added.target, label, used)


def _declared(stretch: Stretch, line: int) -> Iterator[tuple[str, Local]]:
    for name, declared in stretch.scope.locals.items():
        for local in declared:
            if local.line == line and local.kind in (LOCAL, FOR):
                yield name, local


def _uses(stretch: Stretch, local: Local) -> Iterator[int]:
    """The lines on which a function's code, or a macro that it defines, has the local's name."""
    flow = stretch.scope.flow
    for index, text in enumerate(flow.texts):
        taken = index > 0 and flow.texts[index - 1] in (".", "->")
        if text == local.name and index != local.index and not taken:
            yield flow.lines[index]
    for directive in flow.directives:
        if re.search(rf"\b{re.escape(local.name)}\b", directive.text):
            yield directive.line


_MARKED = re.compile(rb"unused|__cleanup|\bcleanup\b|__free|_cleanup_|\bvolatile\b")


def _hidden(text: bytes) -> bool:
    """Whether the declaration itself says that it need not be used, or is used when it goes out of scope."""
    return _MARKED.search(text) is not None

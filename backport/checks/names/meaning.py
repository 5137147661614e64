"""A called function that is there in both worlds and takes or releases other locks and references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backport.checks.names.calls import body_of
from backport.checks.names.signatures import doubtful_calls
from backport.checks.names.world import World
from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.uses import Source
from backport.csource.uses_tokens import words
from backport.index import Located

_CALL = re.compile(rb"(?<![\w$.>])([A-Za-z_]\w*)\s*\(")
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Changed:
    """`here` and `there` are the function's definitions; `taken` the lock and reference calls that upstream's makes
    and the target's does not, `given` the reverse: name to its line."""

    name: str
    judged: Judged
    uses: tuple[Found, ...]
    here: Located
    there: Located
    there_only: tuple[tuple[str, int], ...]
    here_only: tuple[tuple[str, int], ...]


def changed_meaning(worlds: Worlds) -> Iterator[Changed]:
    """Functions that the added lines begin to call in a file, and that lock otherwise in the two worlds."""
    if worlds.upstream is None:
        return
    for judged, name, founds in doubtful_calls(worlds):
        here = _body(worlds.target, name, judged.path)
        there = _body(worlds.upstream, name, judged.up_path) if here is not None else None
        if here is None or there is None or worlds.brings(there[0].path, there[0].definition.line):
            continue
        only_there = tuple((x, n) for x, n in there[1].items() if x not in here[1])
        only_here = tuple((x, n) for x, n in here[1].items() if x not in there[1])
        if bool(only_there) != bool(only_here):
            yield Changed(name, judged, tuple(founds), here[0], there[0], only_there, only_here)


def _body(world: World, name: str, path: str) -> tuple[Located, dict[str, int]] | None:
    """The one function of that name with the lock and reference calls of its body."""
    one = body_of(world, name, path)
    if one is None or one.definition.last - one.definition.line > _MOST_LINES:
        return None
    lines = Source(one.path, world.text(one.path) or b"").code.split(b"\n")
    body = lines[one.definition.line : one.definition.last]
    calls: dict[str, int] = {}
    for offset, line in enumerate(body):
        for match in _CALL.finditer(line):
            called = match[1].decode("ascii", "replace")
            if words().locking.fullmatch(called):
                calls.setdefault(called, one.definition.line + 1 + offset)
    return one, calls

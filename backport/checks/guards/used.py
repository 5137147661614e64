"""What the added lines of a patch use, with the places of the uses in the target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backport.checks.guards.scene import Scene
from backport.checks.guards.world import lines_with
from backport.checks.names.added import AddedFile, AddedLine
from backport.checks.names.worlds import worlds
from backport.checks.rule import Context
from backport.csource import language
from backport.csource.presence import Op
from backport.csource.uses import Source, Stretch, Use, UseKind, uses
from backport.model import LineKind

_NAMED = frozenset({UseKind.CALL, UseKind.NAME, UseKind.TAG, UseKind.MEMBER, UseKind.FIELD})


@dataclass(frozen=True, slots=True)
class Used:
    """A name that an added line uses: `line` in the target after the patch (for a hunk that does not land, the
    place in the target at which it would), `patch_line` in the patch's post-image."""

    use: Use
    path: str
    upstream_path: str
    hunk: int
    line: int
    patch_line: int
    landed: bool
    function: str
    tested: bool

    @property
    def name(self) -> str:
        return self.use.name

    @property
    def shown(self) -> str:
        """As a report names it."""
        kinds = {
            UseKind.CALL: f"{self.name}()",
            UseKind.TAG: f"enum {self.name}",
            UseKind.MEMBER: f"->{self.name}",
        }
        return kinds.get(self.use.kind, self.name)


def used_names(context: Context) -> tuple[Used, ...]:
    """All uses of names that are not local, in order of files and lines; what stands in a macro's body is left
    out, for it is compiled where the macro is used."""
    return context.once("guards used", lambda: tuple(_all(context)))


def _all(context: Context) -> Iterator[Used]:
    for judged in worlds(context).files:
        file = judged.file
        if file.landed:
            yield from _of(file, judged.after, {x.target: x for x in file.landed}, landed=True)
        if file.stuck and judged.up is not None:
            yield from _of(file, judged.up, {x.line: x for x in file.stuck}, landed=False)


def _of(file: AddedFile, source: Source, lines: dict[int, AddedLine], *, landed: bool) -> Iterator[Used]:
    for stretch, use in uses(source, lines):
        if use.kind not in _NAMED or use.macro or use.line not in lines or _local(stretch, use):
            continue
        added = lines[use.line]
        placement = file.placements.get(added.hunk)
        place = added.target if landed else placement.target_line if placement is not None else 0
        yield Used(
            use,
            file.path,
            file.change.new_path,
            added.hunk,
            place,
            added.line,
            landed,
            stretch.label,
            _tested(stretch, use),
        )


def _local(stretch: Stretch, use: Use) -> bool:
    if use.index < 0 or use.kind not in (UseKind.NAME, UseKind.CALL):
        return False
    if stretch.scope.visible(use.name, use.index) is not None:
        return True
    return not stretch.function and use.kind is UseKind.NAME and not use.name.isupper()


# --- what is not new ----------------------------------------------------------------------------

_WORD = re.compile(rb"[A-Za-z_$][\w$]*")
_DIRECTIVE = re.compile(rb"[ \t]*#[ \t]*(?:if|el|endif)")


def used_before(here: Scene, used: Used) -> bool:
    """Whether the file used the name before the patch already under this condition, or under none: what is wrong with
    it then is not new."""
    data = here.before.read(used.path)
    if data is None:
        return False
    word = used.name.encode("utf-8", "surrogateescape")
    condition = here.after.at(used.path, used.line) if used.landed else here.before.at(used.path, used.line)
    for line in lines_with(data, word):
        earlier = here.before.at(used.path, line)
        if earlier.op is Op.TRUE or earlier == condition:
            return True
    return False


def altered_names(here: Scene) -> frozenset[str]:
    """The names whose definitions the patch may have changed: the words that it removes, and all that files define in
    which it changes conditions."""
    return here.context.once("guards altered", lambda: frozenset(_altered(here)))


def _altered(here: Scene) -> Iterator[str]:
    for file in here.context.placed.files:
        conditions = False
        for hunk in file.change.hunks:
            for line in hunk.lines:
                conditions |= line.kind is not LineKind.CONTEXT and _DIRECTIVE.match(line.text) is not None
                if line.kind is LineKind.REMOVED:
                    yield from (w.decode("utf-8", "surrogateescape") for w in _WORD.findall(line.text))
        if conditions and language(file.change.path) == "c":
            for path in dict.fromkeys((file.target_path, file.change.new_path)):
                yield from (d.name for d in (here.before.held(path) if path else ()))


_TESTS = frozenset({"IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE", "IS_MODULE"})


def _tested(stretch: Stretch, use: Use) -> bool:
    """Whether the function asks for an option in plain C before the use: the compiler may drop the code."""
    return use.index >= 0 and any(t in _TESTS for t in stretch.scope.flow.texts[: use.index])

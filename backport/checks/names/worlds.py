"""The two worlds of a file of the patch, and what its added lines use in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from backport.checks.names.added import AddedFile, added_files
from backport.checks.names.world import World
from backport.checks.rule import Context
from backport.csource import is_comment_or_blank
from backport.csource.uses import Source, Stretch, Use, UseKind, builtin_calls, reaching_calls, stretch_uses
from backport.model import Placement, Region, RegionKind


@dataclass(frozen=True, slots=True)
class Found:
    """A use on an added line. `stretch` and `index` say where it stands in the target after the patch, for a
    hunk that conflicts the stretch of the same name there (None: no such one; `index` is then -1);
    `line` is the post-image's line, `target` the target's (0: it did not land)."""

    use: Use
    hunk: int
    line: int
    target: int
    label: str
    stretch: Stretch | None
    index: int


@dataclass
class Judged:
    """A file of the patch in both worlds. `up_path` is the path upstream; `before`, `after` are the target's
    texts ("" where there is no file), `up` the upstream's (None: not at hand)."""

    file: AddedFile
    path: str
    up_path: str
    before: Source
    after: Source
    up: Source | None
    added: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def landed_lines(self) -> frozenset[int]:
        return frozenset(x.target for x in self.file.landed)

    @cached_property
    def added_lines(self) -> frozenset[int]:
        """The lines of the post-image that any hunk of the patch adds, landed or not."""
        from backport.model import LineKind

        found = set()
        for hunk in self.file.change.hunks:
            number = hunk.new_start
            for line in hunk.lines:
                if line.kind is LineKind.ADDED:
                    found.add(number)
                number += line.kind is not LineKind.REMOVED
        return frozenset(found)

    def up_stretch(self, line: int) -> Stretch | None:
        return self.up.stretch(line) if self.up is not None and line else None


@dataclass
class Worlds:
    """The target after the patch, the target before it, upstream after it, and each C file in them."""

    context: Context
    target: World
    upstream: World | None
    files: tuple[Judged, ...]

    @cached_property
    def before(self) -> World:
        return World("target", self.context.names_before, self.context.before_text)

    @cached_property
    def base(self) -> World | None:
        names = self.context.names_base
        return World("base", names, self.context.base_text) if names is not None else None

    @cached_property
    def uses(self) -> tuple[tuple[Judged, tuple[Found, ...]], ...]:
        return tuple((x, tuple(_uses(x))) for x in self.files)

    @cached_property
    def reached(self) -> tuple[tuple[Judged, tuple[Found, ...]], ...]:
        """The calls on lines that stay, of which the patch changes arguments on lines behind."""
        return tuple((x, tuple(_reached(x))) for x in self.files)

    def brings(self, path: str, line: int) -> bool:
        """Whether a line of upstream's file is one that the patch itself adds."""
        return any(x.up_path == path and line in x.added_lines for x in self.files)


def worlds(context: Context) -> Worlds:
    """The worlds of the patch at hand, made once."""
    return context.once("worlds", lambda: _worlds(context))


def _worlds(context: Context) -> Worlds:
    target = World("target", context.names_after, context.after_text, context.before_text)
    names = context.names_upstream
    upstream = World("upstream", names, context.upstream_text) if names is not None else None
    return Worlds(context, target, upstream, tuple(_judged(context, x) for x in added_files(context)))


def _judged(context: Context, file: AddedFile) -> Judged:
    path, up_path = file.path, file.change.new_path
    before = Source(path, context.before_text(path) or b"", ())
    after_data = context.after_text(path) or b""
    stuck = bool(file.stuck)
    wanted = {x.target for x in file.landed}
    after = Source(path, after_data, None if stuck else wanted)
    up_data = context.upstream_text(up_path)
    lines = {x.line for x in file.lines}
    up = Source(up_path, up_data, lines) if up_data is not None else None
    return Judged(file, path, up_path, before, after, up)


def _uses(judged: Judged) -> Iterator[Found]:
    yield from _landed(judged)
    if judged.file.stuck:
        yield from _stuck(judged)


def builtins(judged: Judged) -> Iterator[Found]:
    """The calls of the compiler's own functions on added lines that landed."""
    by_target = {x.target: x for x in judged.file.landed}
    for stretch, wanted in _stretches(judged.after, by_target):
        for use in builtin_calls(stretch, wanted):
            line = by_target[use.line]
            yield Found(use, line.hunk, line.line, use.line, stretch.label, stretch, use.index)


def _landed(judged: Judged) -> Iterator[Found]:
    by_target = {x.target: x for x in judged.file.landed}
    for stretch, wanted in _stretches(judged.after, by_target):
        for use in stretch_uses(stretch, wanted):
            line = by_target[use.line]
            yield Found(use, line.hunk, line.line, use.line, stretch.label, stretch, use.index)


def _reached(judged: Judged) -> Iterator[Found]:
    by_target = {x.target: x for x in judged.file.landed}
    for stretch, wanted in _stretches(judged.after, by_target):
        for use, at in reaching_calls(stretch, wanted):
            line = by_target[at]
            yield Found(use, line.hunk, line.line, at, stretch.label, stretch, use.index)
    by_line = {x.line: x for x in judged.file.stuck}
    for stretch, wanted in _stretches(judged.up, by_line) if judged.up is not None else ():
        here = _same(judged, stretch)
        for use, at in reaching_calls(stretch, wanted):
            line = by_line[at]
            yield Found(use, line.hunk, line.line, 0, stretch.label, here, -1)


def _stuck(judged: Judged) -> Iterator[Found]:
    by_line = {x.line: x for x in judged.file.stuck}
    if judged.up is None:
        yield from _fragments(judged)
        return
    for stretch, wanted in _stretches(judged.up, by_line):
        here = _same(judged, stretch)
        for use in stretch_uses(stretch, wanted):
            line = by_line[use.line]
            yield Found(use, line.hunk, line.line, 0, stretch.label, here, -1)


def _stretches(source: Source, lines: Mapping[int, object]) -> Iterator[tuple[Stretch, set[int]]]:
    grouped: dict[tuple[int, int], tuple[Stretch, set[int]]] = {}
    for line in sorted(lines):
        stretch = source.stretch(line)
        grouped.setdefault((stretch.first, stretch.last), (stretch, set()))[1].add(line)
    yield from grouped.values()


def _fragments(judged: Judged) -> Iterator[Found]:
    """The uses of hunks that conflict where the post-image is all that there is of upstream's file."""
    stuck = {x.hunk for x in judged.file.stuck}
    for hunk in judged.file.change.hunks:
        if hunk.number not in stuck:
            continue
        idle = is_comment_or_blank(hunk.postimage)  # a hunk may begin within a comment
        code = (b"" if x else line for line, x in zip(hunk.postimage, idle, strict=True))
        source = Source(judged.up_path, b"\n".join(code) + b"\n", ())
        lines = {x.line - hunk.new_start + 1: x for x in judged.file.stuck if x.hunk == hunk.number}
        fragment = source.read(None, 1, len(hunk.postimage))
        placement = judged.file.placements[hunk.number]
        region = next(iter(placement.functions), None) if placement is not None else None
        here = _named(judged, region.name) if region is not None else None
        for use in stretch_uses(fragment, set(lines)):
            if use.name not in fragment.scope.locals and _whole(use):
                line = lines[use.line]
                label = region.label() if region is not None else ""
                yield Found(use, hunk.number, line.line, 0, label, here, -1)


def _whole(use: Use) -> bool:
    """Whether a use says by itself what it is: a plain name may be a local that the hunk does not show."""
    return use.kind is not UseKind.NAME or use.name.isupper()


def _same(judged: Judged, stretch: Stretch) -> Stretch | None:
    """The function of the target that a conflicting hunk's function is there: of the same name."""
    if stretch.region is None or not stretch.function:
        return None
    return _named(judged, stretch.region.name)


def _named(judged: Judged, name: str) -> Stretch | None:
    regions: Sequence[Region] = judged.after.named(name, RegionKind.FUNCTION)
    if len(regions) != 1:
        return None
    return judged.after.read(regions[0], regions[0].first, regions[0].last)


def placement_of(judged: Judged, hunk: int) -> Placement | None:
    return judged.file.placements.get(hunk)

"""Who wrote lines of the patch's base since the two trees parted: asked of git once for all rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backport.checks.history.scene import Scene
from backport.history.lines import Written, blame

REACH = 30
"""Lines around those that are asked for which are looked at with them: other rules ask for them next."""


@dataclass(slots=True)
class Blamed:
    """The lines of one file that were asked for; None for what is older than the parting."""

    scene: Scene
    path: str
    exclude: tuple[str, ...]
    _lines: dict[int, Written | None] = field(default_factory=dict)

    def wrote(self, lines: Iterable[int]) -> list[Written]:
        """What later commits wrote of these lines (1-based), in order."""
        wanted = sorted(set(lines))
        new = [n for n in wanted if n not in self._lines]
        if new:
            self._ask(new)
        return [w for n in wanted if (w := self._lines.get(n)) is not None]

    def _ask(self, lines: list[int]) -> None:
        count = len((self.scene.context.base_text(self.path) or b"").splitlines())
        ranges: list[tuple[int, int]] = []
        for line in lines:
            first, last = max(1, line - REACH), min(count, line + REACH)
            if ranges and first <= ranges[-1][1] + 1:
                ranges[-1] = ranges[-1][0], max(last, ranges[-1][1])
            elif first <= last:
                ranges.append((first, last))
        self._lines.update((n, None) for first, last in ranges for n in range(first, last + 1))
        found = blame(self.scene.scratch, self.scene.base, self.exclude, self.path, ranges)
        self._lines.update((w.line, w) for w in found)


def blamed(scene: Scene, path: str, exclude: tuple[str, ...]) -> Blamed:
    """The file's lines in the patch's base, as far as `exclude` does not reach who wrote them."""
    return scene.context.once(("blamed", path, exclude), lambda: Blamed(scene, path, exclude))

"""What earlier backports of the branch teach, done to a patch's two texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backport.tree import Absent, Tree

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite
    from backport.adapt.texts import FileTexts

_SHOWN = 3


class Learned:
    """Learned rewrites for one target. A name is looked for in its tree once."""

    def __init__(self, target: Tree, rewrites: Sequence[Rewrite]) -> None:
        self._target = target
        self._rewrites = tuple(rewrites)
        self._known: dict[str, bool] = {}

    def both(self, texts: FileTexts) -> tuple[bytes, bytes, str]:
        """The base and upstream's text rewritten alike, and what was done in words; the texts as they are, and "",
        where no rewrite touches what the patch adds."""
        if not self._rewrites:
            return texts.base, texts.upstream, ""
        from backport.adapt.rewrites import apply_rewrites

        added = b"\n".join(line for hunk in texts.hunks for line in hunk.added)
        _, used = apply_rewrites(added, self._rewrites, known=self._has)
        if not used:
            return texts.base, texts.upstream, ""
        base, _ = apply_rewrites(texts.base, used, known=self._has)
        upstream, _ = apply_rewrites(texts.upstream, used, known=self._has)
        return base, upstream, ", ".join(r.shown() for r in used[:_SHOWN])

    def _has(self, name: str) -> bool:
        """Whether the target has a name anywhere, or (for an include) a file."""
        if name not in self._known:
            word = name.encode("utf-8", "surrogateescape")
            if "/" in name or name.endswith(".h"):
                self._known[name] = not isinstance(self._target.read(f"include/{name}"), Absent) or any(
                    True for _ in self._target.search([word], whole_words=False)
                )
            else:
                self._known[name] = any(True for _ in self._target.search([word]))
        return self._known[name]

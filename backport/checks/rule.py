"""What a rule is, what it looks at, and how rules are run."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol, TypeVar

from backport.git import Repository
from backport.index import Lookups, Names
from backport.model import BaseKind, Finding, Patch, Placement, Severity, Skipped
from backport.placement import BaseTexts, PatchPlacement
from backport.placement.base import apply_exactly
from backport.placement.ground import Ground
from backport.tree import File, GitTree, Target, Tree

Made = TypeVar("Made")

_WORD = re.compile(r"\w+")


class Need(Enum):
    """An input without which a rule is not run; the value completes "not run: ..."."""

    BASE = "the patch's base is not at hand (give --upstream)"
    UPSTREAM = "no upstream repository was named (give --upstream)"
    TREES = "the whole tree that the patch was made against is not at hand (give --upstream)"
    KCONFIG = "no kernel configuration was named (give --kconfig)"
    BUILD = "nothing is compiled here (run backport verify)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked the rules to look at beside the patch and the target.

    `revision` is the full id that `--upstream REPO@REV` names ("" none: the patch's own commit is the tip);
    `newer` are the trees between upstream and target; `kconfig` is the text of a kernel's .config (None: not
    given). `cache` is the folder in which what was read of a tree is kept ("": nowhere). `symbols` are lists of
    the symbols whose interface must stay (--kabi), each with its name: the target's own lists then do not count."""

    policy: str = "plain"
    revision: str = ""
    newer: tuple[Target, ...] = ()
    kconfig: bytes | None = None
    cache: str = ""
    symbols: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """One patch on one target, with all that a rule may look at.

    Four trees stand in the middle of it: the patch's own before and after (`base_tree`, `upstream_tree`; None
    where only some files or none of the base are at hand) and the target's before and after
    (`ground.tree`, `after`: with what landed of the patch). `earlier` holds the placements of the series' earlier
    patches that did not land, with the number of their patch; `preceding` are all of these patches."""

    patch: Patch
    placed: PatchPlacement
    ground: Ground
    after: Tree
    base: BaseTexts
    target: Target
    upstream: Repository | None = None
    asked: Asked = Asked()
    earlier: Sequence[tuple[int, Placement]] = ()
    preceding: Sequence[Patch] = ()
    lookups: Lookups = field(default_factory=Lookups, compare=False, repr=False)
    _kept: dict[Hashable, object] = field(default_factory=dict, compare=False, repr=False)

    def has(self, need: Need) -> bool:
        if need is Need.BUILD:
            return False  # no rule that is run from here compiles anything
        if need is Need.UPSTREAM:
            return self.upstream is not None
        if need is Need.KCONFIG:
            return self.asked.kconfig is not None
        if need is Need.TREES:
            return bool(self.base.tree)
        return self.placed.base.kind is not BaseKind.HUNKS

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, computed once for this patch on this target: rules share their analyses."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value]

    @property
    def base_tree(self) -> Tree | None:
        """The whole tree that the patch was made against."""
        return self.once("base tree", lambda: self._tree(self.base.tree, "base"))

    @property
    def upstream_tree(self) -> Tree | None:
        """The whole tree that the patch leaves where it was made."""
        return self.once("upstream tree", lambda: self._tree(self.base.result, "upstream"))

    def _tree(self, id: str, name: str) -> Tree | None:
        return GitTree(self.ground.scratch, id, name) if id else None

    @property
    def names_before(self) -> Names:
        """The definitions of the target as the patch meets it."""
        return self.once("names before", lambda: self.lookups.names(self.ground.tree, self.target.tree))

    @property
    def names_after(self) -> Names:
        """The definitions of the target with what landed of the patch."""
        return self.once("names after", lambda: self.lookups.names(self.after, self.target.tree))

    @property
    def names_base(self) -> Names | None:
        """The definitions of the whole tree that the patch was made against."""
        tree = self.base_tree
        return self.once("names base", lambda: self.lookups.names(tree) if tree else None)

    @property
    def names_upstream(self) -> Names | None:
        """The definitions of the whole tree that the patch leaves where it was made."""
        tree, base = self.upstream_tree, self.base_tree
        return self.once("names upstream", lambda: self.lookups.names(tree, base) if tree else None)

    def base_text(self, path: str) -> bytes | None:
        """A file before the patch, in the patch's own tree; None where it is not at hand."""
        known = self.base.texts.get(path)
        return known if known is not None else _text(self.base_tree, path)

    def upstream_text(self, path: str) -> bytes | None:
        """A file after the patch, in the patch's own tree; None where it is not at hand."""
        change = next((f for f in self.patch.files if f.new_path == path), None)
        if change is None:
            return self.base_text(path)
        if self.base.result:
            return _text(self.upstream_tree, path)
        known = self.base.texts.get(change.old_path) if change.old_path else b""
        return None if known is None else apply_exactly(change, known)

    def before_text(self, path: str) -> bytes | None:
        """A file of the target as the patch meets it; None where there is no regular file."""
        entry = self.ground.entry(path)
        return entry.data if isinstance(entry, File) else None

    def after_text(self, path: str) -> bytes | None:
        """A file of the target with what landed of the patch; None where there is no regular file."""
        return self.once(("after", path), lambda: _text(self.after, path))


def _text(tree: Tree | None, path: str) -> bytes | None:
    entry = tree.read(path) if tree is not None and path else None
    return entry.data if isinstance(entry, File) else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A registry entry. `example` is a finding's text as a report shows it; `explanation` says what it
    means and what to do."""

    code: str
    title: str
    severity: Severity
    explanation: str
    example: str
    run: Callable[[Context], Iterable[Finding]]
    needs: frozenset[Need] = field(default_factory=frozenset)
    gives_way: frozenset[str] = frozenset()
    """Codes of rules that say more of the same name in the same hunk: where one of them does, this one is silent."""


class Levels(Protocol):
    """What of the settings the rules need."""

    def severity(self, code: str, default: Severity) -> Severity | None:
        """The severity of a finding of that rule; None when the rule is off."""


def run_rules(
    rules: Iterable[Rule], context: Context, levels: Levels
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Run the rules that can be run and are not off; `levels` are the user's settings."""
    rules = tuple(rules)
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for rule in rules:
        if levels.severity(rule.code, rule.severity) is None:
            continue
        missing = next((need for need in Need if need in rule.needs and not context.has(need)), None)
        if missing is not None:
            skipped.append(Skipped(rule.code, f"not run: {missing.value}"))
            continue
        findings += rule.run(context)
    return finish(_each_once(findings, {r.code: r.gives_way for r in rules}), levels), tuple(skipped)


def _each_once(findings: Sequence[Finding], ways: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """The findings without those that another one, no less severe, says better: of the same hunk of the same file,
    and of the same name. Of two that would give way to each other the one with the lower code stays."""
    order = list(Severity)

    def better(one: Finding, other: Finding) -> bool:
        if other.code not in ways.get(one.code, ()) or (one.file, one.hunk) != (other.file, other.hunk):
            return False
        mine, theirs = order.index(one.severity), order.index(other.severity)
        stays = one.code in ways.get(other.code, ()) and one.code < other.code
        return (theirs < mine or (theirs == mine and not stays)) and _one_name(one.subject, other.subject)

    for finding in findings:
        if not any(better(finding, other) for other in findings if other is not finding):
            yield finding


def _one_name(one: str, other: str) -> bool:
    """Whether one subject is a name in the other."""
    return one in _WORD.findall(other) or other in _WORD.findall(one)


def finish(findings: Iterable[Finding], levels: Levels) -> tuple[Finding, ...]:
    """Findings as a report holds them: at the user's severities, those of rules that are off left out, in
    order, each with its fingerprint."""
    levelled = ((f, levels.severity(f.code, f.severity)) for f in findings)
    return _with_fingerprints(replace(f, severity=level) for f, level in levelled if level is not None)


def _with_fingerprints(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in order of severity and place, each with its fingerprint.

    It is made of code, path, function, the name it is about and the ordinal among equals, never of a
    hunk's text: the next version of a patch keeps it.
    """
    order = list(Severity)
    ranked = sorted(findings, key=lambda f: (order.index(f.severity), f.hunk or 0, f.code))
    counts: Counter[tuple[str, ...]] = Counter()
    result = []
    for finding in ranked:
        parts = (finding.code, finding.file, finding.function, finding.subject)
        counts[parts] += 1
        text = "\0".join((*parts, str(counts[parts])))
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        result.append(replace(finding, fingerprint=digest))
    return tuple(result)

"""The trees of a patch as worlds of presence conditions, and the question whether a problem is new and possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from backport.checks.guards.kconfigs import KconfigTree
from backport.checks.guards.world import Find, Within, World
from backport.checks.rule import Context
from backport.csource import language
from backport.csource.definitions import FileDefinitions, definitions
from backport.csource.kconfig import Kconfig, is_kconfig
from backport.csource.presence import MODULE, PREFIX, Expr, Op, both, no, value
from backport.csource.presence_text import Facts, number_rules, version_code
from backport.index import Located
from backport.model import LineEvidence

_SMALL = 9
_HOMES = 2


@dataclass(frozen=True, slots=True)
class Witness:
    """A configuration with a problem: the lines of its .config, whether Kconfig was asked whether it can be, and its
    architecture where that is not the patch's own."""

    lines: tuple[str, ...]
    certain: bool
    arch: str = ""

    def __str__(self) -> str:
        words = [f"`{line}`" if line.startswith("#") else line for line in self.lines]
        text = " and ".join(words) if words else "every configuration"
        return f"{text} on {self.arch}" if self.arch else text


@dataclass(slots=True)
class Scene:
    """What the rules on guards look at: the target after and before the patch, and upstream after it."""

    context: Context
    after: World
    before: World
    upstream: World | None
    kconfig: KconfigTree
    arch: str = ""
    _built: dict[str, bool] = field(default_factory=dict)
    _witnesses: dict[Expr, Witness | None] = field(default_factory=dict)

    def possible(self, problem: Expr) -> bool:
        """Whether the problem can be at all, Kconfig not asked: a quick no."""
        return problem.op is not Op.FALSE and _possible(problem, self.unknown(problem))

    def witness(self, problem: Expr, known: Iterable[Expr] = ()) -> Witness | None:
        """A configuration in which `problem` holds and none of `known` does (what was there before, what upstream
        has as well); None where there is none, or nothing can be said."""
        asked = both((problem, *(no(x) for x in known)))
        if asked not in self._witnesses:
            spent = self.context.ground.steps.spend()
            solved = spent and self.possible(asked)
            self._witnesses[asked] = self._solved(asked, self.unknown(asked)) if solved else None
        return self._witnesses[asked]

    def unknown(self, expr: Expr) -> frozenset[str]:
        """The atoms of which nobody knows whether a configuration decides them."""
        return frozenset(n for n in expr.atoms() if n != MODULE and not self._configured(n))

    def _configured(self, name: str) -> bool:
        if name.startswith(PREFIX):
            return True
        if self.kconfig.there or name.startswith(("_", "make ")):
            return False
        word = name.removesuffix(" != 0")
        if not word.isidentifier():
            return False
        if word not in self._built:
            paths = [path for path in touched(self.context) if language(path) == "c"]
            self._built[word] = not any(self.after.near(path, word) for path in paths)
        return self._built[word]

    def _solved(self, asked: Expr, unknown: Collection[str]) -> Witness | None:
        """The same with Kconfig: as the patch's own architecture sees it, or one that the symbols belong to."""
        if not self.kconfig.there:
            chosen = self._chosen(asked, unknown, Kconfig({}))
            return Witness(plain_fragment(chosen), False) if chosen is not None else None
        from backport.csource.kconfig_rules import config_symbols, fragment

        names = config_symbols(asked.atoms(), self.view)
        for arch in dict.fromkeys((self.arch, *self._homes(names))):
            view = self.kconfig.view(arch)
            chosen = self._chosen(asked, unknown, view)
            if chosen is not None:
                where = arch if arch != self.arch else ""
                return Witness(fragment(chosen, view), not view.degraded, where)
        return None

    def _homes(self, names: Iterable[str]) -> list[str]:
        """The architectures to which symbols belong that the patch's own does not know."""
        places = (w for n in names if n not in self.view.symbols for w in self.kconfig.places(n))
        found = dict.fromkeys(w.path.split("/")[1] for w in places if w.path.startswith("arch/"))
        return list(found)[:_HOMES]

    def _chosen(self, asked: Expr, unknown: Collection[str], view: Kconfig) -> Mapping[str, bool] | None:
        from backport.csource.kconfig_rules import config_symbols, rules
        from backport.csource.solver import TooHard, witness

        names = list(dict.fromkeys(asked.atoms()))
        limits = number_rules(names)
        if view.symbols:
            limits += rules(config_symbols(names, view), view)
        try:
            return witness(asked, limits, unknown)
        except TooHard:
            return None

    def forbidden_upstream(self, problem: Expr) -> bool:
        """Whether upstream's Kconfig allows no configuration with the problem, so that only the target has it."""
        tree = self.context.upstream_tree
        if tree is None or problem.op is Op.FALSE or not self.kconfig.there:
            return False
        theirs = upstream_kconfig(self.context)
        if theirs is None or not theirs.there:
            return False
        view = theirs.view(self.arch)
        return not view.degraded and self._chosen(problem, self.unknown(problem), view) is None

    @property
    def view(self) -> Kconfig:
        """The target's Kconfig, as the architecture that the patch is about sees it."""
        return self.kconfig.view(self.arch)

    def evidence(self, world: World, path: str, line: int) -> LineEvidence:
        """A line as evidence."""
        return LineEvidence(self.name(world), path, line, text_line(world, path, line))

    def name(self, world: World) -> str:
        return "upstream" if world is self.upstream else "target"


def plain_fragment(chosen: Mapping[str, bool]) -> tuple[str, ...]:
    """Macros of a build without Kconfig, as its command line or configuration header has them."""
    lines = []
    for name, true in chosen.items():
        if name.startswith(PREFIX) and " " not in name:
            lines.append(f"{name}=y" if true else f"# {name} is not set")
        else:
            word = name.removesuffix(" != 0")
            lines.append(
                f"{word} {'defined' if true else 'not defined'}" if word == name else f"{word}={int(true)}"
            )
    return tuple(lines)


def _possible(asked: Expr, unknown: Collection[str]) -> bool:
    """A quick no, without Kconfig, of a problem of few atoms; True where it must be asked in earnest."""
    names = sorted(set(asked.atoms()))
    if len(names) > _SMALL:
        return True
    free = [n for n in names if n not in unknown]
    hidden = [n for n in names if n in unknown]
    for case in product((False, True), repeat=len(free)):
        truth = dict(zip(free, case, strict=True))
        if any(truth[n] and truth.get(f"{n}_MODULE") for n in free):
            continue
        if all(
            value(asked, {**truth, **dict(zip(hidden, rest, strict=True))})
            for rest in product((False, True), repeat=len(hidden))
        ):
            return True
    return False


def scene(context: Context) -> Scene:
    """The scene of this patch on this target, made once."""
    return context.once("guards scene", lambda: _scene(context))


def _scene(context: Context) -> Scene:
    from backport.csource.dialect import dialect

    facts = Facts(version_code(context.target.version), dialect().never_defined)
    names = context.names_after
    after = World(context.after_text, names.file, names.find, names.within, names.closure, facts)
    held = _held_before(context)
    before = World(
        context.before_text,
        held,
        _find_before(context, after, held),
        _within_before(context, held),
        names.closure,
        facts,
    )
    theirs = context.names_upstream
    upstream = None
    if theirs is not None:
        plain = Facts(None, facts.never_defined)
        upstream = World(
            context.upstream_text, theirs.file, theirs.find, theirs.within, theirs.closure, plain
        )
    configured = any(is_kconfig(path) for path in touched(context))
    kconfig = KconfigTree(context.after if configured else context.ground.tree, context.asked.cache)
    return Scene(context, after, before, upstream, kconfig, kconfig.arch(touched(context)))


def upstream_kconfig(context: Context) -> KconfigTree | None:
    """Kconfig of upstream's tree after the patch; None where that is not at hand."""
    tree = context.upstream_tree
    if tree is None:
        return None
    return context.once("guards upstream kconfig", lambda: KconfigTree(tree, context.asked.cache))


def touched(context: Context) -> list[str]:
    """The target's paths that the patch changes."""
    paths: dict[str, None] = {}
    for file in context.placed.files:
        for path in (file.target_path, file.change.new_path, file.change.old_path):
            if path:
                paths[path] = None
        paths.update((p.target_path, None) for p in file.placements if p.target_path)
    return list(paths)


Held = Callable[[str], FileDefinitions | None]


def _held_before(context: Context) -> Held:
    """What a file defined before the patch."""
    changed = frozenset(touched(context))
    kept: dict[str, FileDefinitions | None] = {}

    def held(path: str) -> FileDefinitions | None:
        if path not in changed:
            return context.names_after.file(path)
        if path not in kept:
            data = context.before_text(path)
            kept[path] = definitions(path, data) if data is not None else None
        return kept[path]

    return held


def _find_before(context: Context, after: World, held: Held) -> Find:
    """The definitions before the patch: those after it, but of the files that it changes."""
    changed = [p for p in touched(context) if language(p) == "c"]

    def find(names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        found: dict[str, tuple[Located, ...]] = {}
        for name, located in after.find(names).items():
            provided = ((path, held(path)) for path in changed)
            own = [
                Located(path, d) for path, known in provided if known is not None for d in known.named(name)
            ]
            found[name] = (*(x for x in located if x.path not in changed), *own)
        return found

    return find


def _within_before(context: Context, held: Held) -> Within:
    """The same of some files."""
    changed = frozenset(p for p in touched(context) if language(p) == "c")

    def within(paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        below = context.names_after.within([x for x in paths if x not in changed], names)
        own = [(path, known) for path in paths if path in changed and (known := held(path)) is not None]
        return {
            name: (*below[name], *(Located(path, d) for path, known in own for d in known.named(name)))
            for name in names
        }

    return within


def directive(condition: str) -> str:
    """A condition as the directive that begins its group."""
    name = condition.removeprefix("defined(").removesuffix(")")
    return f"#ifdef {name}" if condition == f"defined({name})" and name.isidentifier() else f"#if {condition}"


_EITHER = re.compile(r"\(?\b(CONFIG_\w+) \|\| \1_MODULE\b\)?")


def options(expr: Expr) -> str:
    """A condition for people: of a symbol that is y or m only its name."""
    return _EITHER.sub(r"\1", str(expr))


def text_line(world: World, path: str, line: int) -> bytes:
    """The text of a line, without its end."""
    lines = (world.read(path) or b"").split(b"\n")
    return lines[line - 1].rstrip(b"\r") if 1 <= line <= len(lines) else b""

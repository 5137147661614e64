"""One tree as names are resolved in it: the target after the patch, or upstream after the patch."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from backport.checks.names.aligned import anchored
from backport.csource.definitions import Definition, DefinitionKind
from backport.csource.uses import Path, Source, Stretch
from backport.csource.uses_tokens import words
from backport.index import Located, Names, order
from backport.model import LineEvidence

VALUES = frozenset(
    {
        DefinitionKind.FUNCTION,
        DefinitionKind.PROTOTYPE,
        DefinitionKind.MACRO,
        DefinitionKind.ENUMERATOR,
        DefinitionKind.TYPEDEF,
        DefinitionKind.VARIABLE,
        DefinitionKind.DECLARATION,
    }
)
TAGS = frozenset({DefinitionKind.STRUCT, DefinitionKind.UNION, DefinitionKind.ENUM})
CALLABLE = frozenset({DefinitionKind.FUNCTION, DefinitionKind.PROTOTYPE, DefinitionKind.MACRO})
_HOLDERS = frozenset({*TAGS, DefinitionKind.TYPEDEF})
_LOCAL_TO_FILE = frozenset({DefinitionKind.FUNCTION, DefinitionKind.VARIABLE})
_DEEPEST = 8
Question = tuple[str, str, Collection[DefinitionKind]]
"""A name, the file that means it, and the kinds that answer."""


@dataclass(slots=True)
class World:
    """`tree` is the evidence's name of it ("target", "upstream"), `names` its definitions, `text` reads a file.
    `before` reads a file as it is without the patch, where evidence is of that."""

    tree: str
    names: Names
    text: Callable[[str], bytes | None]
    before: Callable[[str], bytes | None] | None = None
    _asked: dict[str, tuple[Located, ...]] = field(default_factory=dict)
    _near: dict[tuple[str, str], tuple[Located, ...]] = field(default_factory=dict)
    _closures: dict[str, frozenset[str]] = field(default_factory=dict)
    _wanted: set[str] | None = None

    def ask(self, questions: Iterable[Question]) -> None:
        """Look names up, all at once: what `visible` is asked afterwards is known."""
        listed = list(questions)
        by_path: dict[str, set[str]] = {}
        for name, path, _ in listed:
            by_path.setdefault(path, set()).add(name)
        for path, names in by_path.items():
            self._look_near(names, path)
        self._ask_all(name for name, path, kinds in listed if not self._near_of(name, path, kinds))

    def _ask_all(self, names: Iterable[str]) -> None:
        wanted = sorted({x for x in names if x not in self._asked})
        if wanted:
            self._asked.update(self.names.find(wanted))

    def find(self, name: str) -> tuple[Located, ...]:
        """The definitions of a name anywhere in the tree: a search of its own, unless it was asked for."""
        if self._wanted is not None and name not in self._asked:
            self._wanted.add(name)
            return ()
        self._ask_all([name])
        return self._asked[name]

    def within(self, name: str, path: str) -> tuple[Located, ...]:
        """The definitions of a name in a file and in what it includes, its own first; none is searched for."""
        if (name, path) not in self._near:
            self._look_near([name], path)
        return self._near[name, path]

    def _look_near(self, names: Iterable[str], path: str) -> None:
        missing = sorted({x for x in names if (x, path) not in self._near})
        if not missing:
            return
        for name, found in self.names.within(self.closure(path), missing).items():
            self._near[name, path] = tuple(sorted(found, key=lambda x: (x.path != path, order(x.path))))

    def _near_of(self, name: str, path: str, kinds: Collection[DefinitionKind]) -> tuple[Located, ...]:
        return tuple(x for x in self.within(name, path) if x.definition.kind in kinds)

    def exists(self, name: str, path: str) -> bool:
        """Whether anything of the tree has that name."""
        return bool(self.within(name, path) or self.find(name))

    def gather(self, run: Callable[[], object]) -> None:
        """Look up what `run` asks for in few searches: it is run until it asks for nothing new."""
        for _ in range(_DEEPEST):
            self._wanted = set()
            run()
            wanted, self._wanted = self._wanted, None
            if not wanted:
                return
            self._ask_all(wanted)

    def closure(self, path: str) -> frozenset[str]:
        if path not in self._closures:
            self._closures[path] = frozenset((path, *self.names.closure(path)))
        return self._closures[path]

    def visible(self, name: str, path: str, kinds: Collection[DefinitionKind]) -> tuple[Located, ...]:
        """The definitions of `name` that code of the file `path` can mean: its own and its includes', or where
        these have none the tree's."""
        near = self._near_of(name, path, kinds)
        if near:
            return near
        return tuple(x for x in self.find(name) if x.definition.kind in kinds and self._reaches(x, path))

    def _reaches(self, found: Located, path: str) -> bool:
        if found.path == path or is_header(found.path):
            return True
        if found.definition.kind in _LOCAL_TO_FILE and not found.definition.static:
            return True
        return found.path in self.closure(path)

    def near(self, found: Iterable[Located], path: str) -> tuple[Located, ...]:
        """Of definitions those in the file or its includes, or all where none is."""
        known = tuple(found)
        reach = self.closure(path) if known else frozenset()
        return tuple(x for x in known if x.path in reach) or known

    def evidence(self, found: Located) -> LineEvidence:
        return self.line(found.path, found.definition.line)

    def line(self, path: str, number: int) -> LineEvidence:
        """A line as evidence: in the tree without the patch, unless the patch adds it ("patch")."""
        data = self.text(path) or b""
        lines = data.split(b"\n")
        text = lines[number - 1].rstrip(b"\r") if 1 <= number <= len(lines) else b""
        known = self.before(path) if self.before is not None else None
        if known is None or known == data:
            tree = self.tree if self.before is None or known == data else "patch"
            return LineEvidence(tree, path, number, text)
        old = known.split(b"\n")
        at = _before(old, lines, number - 1)
        if at is None:
            return LineEvidence("patch", path, number, text)
        return LineEvidence(self.tree, path, at + 1, old[at].rstrip(b"\r"))

    # --- types ---------------------------------------------------------------------------------------

    def type_of(self, base: Path, stretch: Stretch, index: int, path: str) -> str:
        """The struct, union or typedef that an expression is (or points to); "" where it is not followed."""
        if base.cast:
            current = base.cast
        elif base.call:
            current = self._called(base.root, path)
        else:
            local = stretch.scope.visible(base.root, index)
            current = local.type if local is not None else self._variable(base.root, path)
        current = self.struct(current, path)
        for member in base.members:
            if not current:
                return ""
            current = self.struct(self._member_type(current, member, path), path)
        return current

    def _called(self, name: str, path: str) -> str:
        kinds = (DefinitionKind.FUNCTION, DefinitionKind.PROTOTYPE)
        return next((x.definition.type for x in self.visible(name, path, kinds) if x.definition.type), "")

    def _variable(self, name: str, path: str) -> str:
        kinds = (DefinitionKind.VARIABLE, DefinitionKind.DECLARATION)
        types = {bare(x.definition.type) for x in self.near(self.visible(name, path, kinds), path)}
        return types.pop() if len(types) == 1 else ""

    def struct(self, type: str, path: str) -> str:
        """`struct x`, `union x` or a typedef's name without a tag, as members' `within` has it."""
        name = bare(type)
        for _ in range(_DEEPEST):
            if not name or name in words().basic or name.startswith(("struct ", "union ")):
                return "" if name in words().basic else name
            found = self._types(name, path)
            types = {bare(x.definition.type) for x in found}
            if not found or len(types) > 1:
                return ""
            following = types.pop()
            if following in ("", name, "struct", "union"):
                return name
            name = following
        return ""

    def _types(self, name: str, path: str) -> tuple[Located, ...]:
        """The typedefs of that name in a file's sight; anywhere for a file of whose includes none is known."""
        if len(self.closure(path)) > 1:
            return self._near_of(name, path, (DefinitionKind.TYPEDEF,))
        return self.visible(name, path, (DefinitionKind.TYPEDEF,))

    def _member_type(self, within: str, member: str, path: str) -> str:
        types = {bare(x.definition.type) for x in self.members(within, member, path)}
        return types.pop() if len(types) == 1 else ""

    def members(self, within: str, member: str, path: str) -> tuple[Located, ...]:
        """The definitions of a member of a struct, where the file can see the struct, or else anywhere.

        They are looked for in the struct's own files: members are common words, and the tree is full of them."""
        found = []
        for holder in dict.fromkeys(x.path for x in self.holders(within, path)):
            provided = self.names.file(holder)
            for one in provided.named(member) if provided is not None else ():
                if one.kind is DefinitionKind.MEMBER and one.within == within:
                    found.append(Located(holder, one))
        return tuple(found)

    def holders(self, within: str, path: str) -> tuple[Located, ...]:
        """Where a struct (or typedef without a tag) is defined with its members."""
        tag = within.split(" ")[-1]
        kinds = TAGS if " " in within else _HOLDERS
        near = tuple(x for x in self._near_of(tag, path, kinds) if _with_body(x.definition))
        if near:
            return near
        return tuple(x for x in self.find(tag) if x.definition.kind in kinds and _with_body(x.definition))

    def holds_word(self, holder: Located, word: str) -> bool:
        """Whether a struct's body has the word anywhere, as a macro's argument say."""
        lines = (self.text(holder.path) or b"").split(b"\n")
        body = b"\n".join(lines[holder.definition.line - 1 : holder.definition.last])
        return (
            re.search(rb"\b" + re.escape(word.encode("utf-8", "surrogateescape")) + rb"\b", body) is not None
        )


def _with_body(found: Definition) -> bool:
    return found.last > found.line


def _before(old: list[bytes], new: list[bytes], index: int) -> int | None:
    """Where a line of a changed text stood before; None where it did not."""
    if not 0 <= index < len(new):
        return None
    anchors = anchored(old, new)
    near = min(anchors, key=lambda pair: abs(pair[1] - index), default=(0, 0))
    at = near[0] + index - near[1]
    if 0 <= at < len(old) and old[at] == new[index]:
        return at
    return next((a for a, b in anchors if b == index), None)


_SKIPPED = re.compile(r"\b(?:const|volatile|restrict|static|extern|inline|register|__\w+)\b|\*|\[[^\]]*\]")


def bare(type: str) -> str:
    """A type without stars, bounds and qualifiers."""
    return " ".join(_SKIPPED.sub(" ", type).split())


def is_header(path: str) -> bool:
    return not path.endswith((".c", ".S", ".s"))


def accepts(found: Definition, count: int) -> bool:
    """Whether a call with `count` arguments fits a definition; unknown parameters fit all."""
    if found.parameters is None:
        return True
    fixed = len(found.parameters)
    if fixed == 1 and found.parameters[0].type == "void" and not found.parameters[0].name:
        fixed = 0
    return count >= fixed if found.variadic else count == fixed


def near_calls(source: Source, name: str) -> Iterator[tuple[int, int]]:
    """(line, number of arguments) of what looks like a call of `name` in a file."""
    data = source.code
    for match in re.finditer(rb"(?<![\w$])" + re.escape(name.encode()) + rb"\s*\(", data):
        count = arity(data, match.end())
        if count is not None:
            yield data.count(b"\n", 0, match.start()) + 1, count


_PIECE = re.compile(
    rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|//[^\n]*|/\*.*?\*/|[(){}\[\],]|[^\s]', re.DOTALL
)


def arity(data: bytes, start: int) -> int | None:
    """The number of arguments after an opening parenthesis; None where it does not end soon."""
    depth, commas, any_token = 0, 0, False
    for match in _PIECE.finditer(data, start, start + 4000):
        text = match[0]
        if text[:2] in (b"//", b"/*"):
            continue
        if text in (b"(", b"{", b"["):
            depth += 1
        elif text in (b")", b"}", b"]"):
            if depth == 0:
                return commas + 1 if any_token else 0
            depth -= 1
        elif text == b"," and depth == 0:
            commas += 1
        any_token = True
    return None

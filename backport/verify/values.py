"""What a verification is asked for and what it gives. Values without I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backport.csource.presence import TRUE, Expr
from backport.model import Report, StrEnum

_NAME = re.compile(r"CONFIG_\w+")


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `base` is a configuration target of the tree's Makefile (defconfig, tinyconfig ...), or the
    text of a .config in `config`, named by `base`. `arch` is a name as make's ARCH= has it ("" this machine's).
    `seconds` limits all that is run together, `memory_mib` what its processes hold together, `processes` how many
    there are at once. `keep` is the folder to build in, which is left ("" a temporary one)."""

    base: str = "defconfig"
    config: bytes | None = None
    arch: str = ""
    jobs: int = 1
    seconds: float = 1800
    memory_mib: int = 4096
    processes: int = 256
    keep: str = ""


class State(StrEnum):
    """What became of an object."""

    BUILT = "built"
    FAILED = "failed"
    NOT_BUILT = "not-built"


@dataclass(frozen=True, slots=True)
class Unit:
    """An object to compile for what changed: `path` is its source."""

    path: str
    arch: str

    @property
    def object(self) -> str:
        return self.path.rpartition(".")[0] + ".o"


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that one configuration must show: `when` is the condition under which `unit` compiles the changed
    `lines` of `path` (its own source, or a header that it includes). `why` names the finding that asks for it. What is
    `optional` is not missed where no configuration allows it; `along` is built where a configuration that others ask
    for shows it, and asks for none itself."""

    unit: Unit
    path: str
    when: Expr = TRUE
    lines: tuple[int, ...] = ()
    why: str = ""
    optional: bool = False
    along: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration: `base` with the `lines` of a .config laid over it (() as it is), for the `goals`."""

    arch: str
    base: str
    lines: tuple[str, ...]
    goals: tuple[Goal, ...] = ()
    telling: tuple[str, ...] = ()
    """Those of the lines that the goals speak of."""

    def __str__(self) -> str:
        return self._said(self.telling or self.lines[:4])

    def of(self, object: str) -> str:
        """As it is said of one object: the lines that its goals speak of."""
        atoms = {
            a.removesuffix("_MODULE") for g in self.goals if g.unit.object == object for a in g.when.atoms()
        }
        return self._said(tuple(x for x in self.telling if not atoms.isdisjoint(_NAME.findall(x))))

    def _said(self, lines: tuple[str, ...]) -> str:
        shown = [f"`{x}`" if x.startswith("#") else x for x in lines]
        return f"{self.base} with {', '.join(shown)}" if shown else self.base


@dataclass(frozen=True, slots=True)
class Built:
    """An object in one configuration. `module` says that it is built for a module; `reason` why it was not."""

    object: str
    state: State
    configuration: str
    arch: str
    module: bool = False
    reason: str = ""
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """The report, with BP6xx findings at each patch, and what was built. `lands` is False where a patch does not:
    nothing was built then. `configurations` are those that were used, as text; `unmet` what none of them shows."""

    report: Report
    lands: bool
    built: tuple[Built, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    unmet: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    keep: str = field(default="", compare=False)

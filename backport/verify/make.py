"""The kernel's own build: which tools it needs, configuring, and compiling single objects."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backport.errors import InputError, TargetError, UsageError
from backport.tree import File, Tree
from backport.verify.configs import DotConfig
from backport.verify.diagnostics import Output, read_output, relative_to
from backport.verify.process import Limits, Ran, run
from backport.verify.values import Options

_MACHINES = {
    "x86_64": "x86",
    "i686": "x86",
    "i386": "x86",
    "aarch64": "arm64",
    "armv7l": "arm",
    "ppc64le": "powerpc",
    "ppc64": "powerpc",
    "s390x": "s390",
    "riscv64": "riscv",
    "loongarch64": "loongarch",
    "sparc64": "sparc",
    "mips": "mips",
    "mips64": "mips",
}
# The prefixes of Debian's cross compilers, the first that is there is taken.
_CROSS = {
    "alpha": ("alpha-linux-gnu-",),
    "arc": ("arc-linux-gnu-",),
    "arm": ("arm-linux-gnueabihf-", "arm-linux-gnueabi-"),
    "arm64": ("aarch64-linux-gnu-",),
    "hexagon": ("hexagon-linux-musl-",),
    "ia64": ("ia64-linux-gnu-",),
    "loongarch": ("loongarch64-linux-gnu-",),
    "m68k": ("m68k-linux-gnu-",),
    "mips": ("mips64-linux-gnuabi64-", "mips64el-linux-gnuabi64-", "mips-linux-gnu-", "mipsel-linux-gnu-"),
    "parisc": ("hppa-linux-gnu-", "hppa64-linux-gnu-"),
    "powerpc": ("powerpc64le-linux-gnu-", "powerpc64-linux-gnu-", "powerpc-linux-gnu-"),
    "riscv": ("riscv64-linux-gnu-",),
    "s390": ("s390x-linux-gnu-",),
    "sh": ("sh4-linux-gnu-",),
    "sparc": ("sparc64-linux-gnu-",),
    "x86": ("x86_64-linux-gnu-", "i686-linux-gnu-"),
}
_PACKAGES = {"arm": "gcc-arm-linux-gnueabihf", "arm64": "gcc-aarch64-linux-gnu"}
# A file of the tree, the program that its build runs, and the package of the program.
_TOOLS = (
    ("Makefile", "make", "make"),
    ("Makefile", "nm", "binutils"),
    ("scripts/kconfig/lexer.l", "flex", "flex"),
    ("scripts/kconfig/parser.y", "bison", "bison"),
    ("kernel/time/timeconst.bc", "bc", "bc"),
    ("scripts/checksyscalls.sh", "gcc", "gcc"),
)
_HEADERS = (("tools/objtool/Makefile", "libelf.h", "libelf-dev"),)
_INCLUDES = ("/usr/include", "/usr/local/include")
_MISSING = (
    (re.compile(rb"openssl/\w+\.h: No such file"), "libssl-dev"),
    (re.compile(rb"(?:gelf|libelf)\.h: No such file"), "libelf-dev"),
    (re.compile(rb"\b(flex|bison|bc|perl|python3|rsync|cpio|pahole): (?:command )?not found"), ""),
)
_TARGET = re.compile(r"[A-Za-z0-9][\w.-]*config")
_ASKING = frozenset(
    {"config", "menuconfig", "nconfig", "xconfig", "gconfig", "oldconfig", "randconfig", "syncconfig"}
)
# A warning must not stop a build: whether it is new is asked later.
_LATER = b"\n# CONFIG_WERROR is not set\n"


def machine() -> str:
    """This machine's architecture, as the kernel's folders name it ("" unknown)."""
    return _MACHINES.get(platform.machine(), "")


def architecture(name: str) -> str:
    """An architecture by its folder's name, also where it is called as `uname -m` calls it."""
    return _MACHINES.get(name, name)


def check_base(base: str) -> None:
    """Complain of a configuration target that is none, or that asks questions. Raises UsageError."""
    if not _TARGET.fullmatch(base) or base in _ASKING:
        raise UsageError(
            f"--config-base {base} is neither a file nor a configuration that is always the same",
            "name a .config, or one of make's: defconfig, tinyconfig, allmodconfig",
        )


def check_tools(tree: Tree) -> None:
    """Complain of the first tool that the build needs and that is not here. Raises TargetError."""
    for path, program, package in _TOOLS:
        if isinstance(tree.read(path), File) and shutil.which(program) is None:
            raise TargetError(f"to build this tree {program} is needed", f"install the package {package}")
    for path, header, package in _HEADERS:
        there = any((Path(x) / header).exists() for x in _INCLUDES)
        if isinstance(tree.read(path), File) and not there:
            raise TargetError(f"to build this tree {header} is needed", f"install the package {package}")


@dataclass(frozen=True, slots=True)
class Compiler:
    """The compiler of an architecture: the prefix CROSS_COMPILE= is given ("" this machine's own), or why there is
    none."""

    prefix: str = ""
    missing: str = ""


def compiler(arch: str) -> Compiler:
    """The compiler for an architecture, looked for in PATH."""
    if arch in ("", machine(), "um"):
        missing = "" if shutil.which("gcc") else "gcc is not installed"
        return Compiler("", missing)
    prefixes = _CROSS.get(arch, (f"{arch}-linux-gnu-",))
    for prefix in prefixes:
        if shutil.which(prefix + "gcc"):
            return Compiler(prefix)
    package = _PACKAGES.get(arch, "gcc-" + prefixes[0].rstrip("-").replace("_", "-"))
    return Compiler("", f"there is no compiler for {arch} ({prefixes[0]}gcc; package {package})")


@dataclass(slots=True)
class Builder:
    """Builds of one architecture: `source` is the exported tree, `out` the folder that all is written to."""

    source: Path
    out: Path
    arch: str
    prefix: str
    options: Options
    deadline: float
    cancel: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / ".home").mkdir(exist_ok=True)

    def make(self, *targets: str) -> Ran:
        """Run make; the outputs of jobs that run side by side are kept apart."""
        words = ["make", "-C", str(self.source), f"O={self.out}", f"-j{max(1, self.options.jobs)}"]
        words += ["-k", "-Otarget", "--no-print-directory"]
        words += [f"ARCH={self.arch}"] if self.arch else []
        words += [f"CROSS_COMPILE={self.prefix}"] if self.prefix else []
        limits = Limits(self.deadline, self.options.memory_mib, self.options.processes)
        return run(
            [*words, *targets],
            cwd=str(self.source),
            env=self._environment(),
            limits=limits,
            log=self.out / ".log",
            cancel=self.cancel,
        )

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's but where programs are; a repository around the folder is none of the tree's."""
        home = str(self.out / ".home")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "TMPDIR": home,
            "LC_ALL": "C",
            "GIT_DIR": os.devnull,
            "KBUILD_BUILD_TIMESTAMP": "1970-01-01",
            "KBUILD_BUILD_USER": "backport",
            "KBUILD_BUILD_HOST": "backport",
        }

    def read(self, ran: Ran) -> Output:
        out = ran.out
        for root in (self.source, self.out):
            out = out.replace(f"{root}/".encode(), b"")  # no text names a place of this machine
        return read_output(out, relative_to(str(self.source), str(self.out)))

    # --- configuring

    @property
    def _dot(self) -> Path:
        return self.out / ".config"

    def base(self) -> tuple[bytes, Ran]:
        """Make the base configuration; returns it, and what make said. Raises InputError, TargetError."""
        if self.options.config is not None:
            return self.configure(self.options.config, ())
        ran = self.make(self.options.base)
        if ran.stopped or not self._dot.exists():
            return b"", ran
        return self.configure(self._dot.read_bytes(), ())

    def configure(self, base: bytes, lines: Sequence[str]) -> tuple[bytes, Ran]:
        """`base` with further lines, made whole by olddefconfig; b"" where that fails."""
        if b"\0" in base:
            raise InputError("the configuration is no text")
        with suppress(FileNotFoundError):
            self._dot.unlink()
        more = "".join(f"{line}\n" for line in lines).encode()
        self._dot.write_bytes(base.rstrip(b"\n") + _LATER + more)
        ran = self.make("olddefconfig")
        good = not ran.code and not ran.stopped
        return (self._dot.read_bytes() if good else b""), ran

    def restore(self, config: bytes, *, whole: bool) -> bool:
        """Take a configuration that was made before, as it is where it is `whole`; returns whether it is taken."""
        if not whole:
            return bool(self.configure(config, ())[0])
        self._dot.write_bytes(config)
        return True

    def config(self) -> DotConfig:
        return DotConfig.read(self._dot.read_bytes())

    # --- compiling

    def compile(self, objects: Sequence[str]) -> tuple[Output, Ran]:
        """Compile objects anew, those that fail not keeping the others from it."""
        for name in objects:
            with suppress(FileNotFoundError):
                (self.out / name).unlink()
        ran = self.make(*objects)
        return self.read(ran), ran

    def there(self, name: str) -> bool:
        return (self.out / name).is_file()

    def included(self, name: str) -> frozenset[str]:
        """The files of the tree that an object was made of, as Kbuild notes them (`.x.o.cmd`)."""
        folder, _, last = name.rpartition("/")
        place = self.out / folder / f".{last}.cmd"
        try:
            text = place.read_text("utf-8", "surrogateescape")
        except OSError:
            return frozenset()
        relative = relative_to(str(self.source), str(self.out))
        return frozenset(relative(x) for x in re.findall(r"^  (\S+) \\$", text, re.MULTILINE))


def missing_package(out: bytes) -> str:
    """The package whose absence an output tells of ("" none)."""
    for pattern, package in _MISSING:
        match = pattern.search(out)
        if match is not None:
            return package or match[1].decode()
    return ""

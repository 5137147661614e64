"""The vocabulary: immutable values that flow from intake to the faces. No I/O, no foreign objects.

Units everywhere: lines are 1-based and inclusive, offsets are bytes, text is bytes until it is
shown. Paths are `/`-separated `str`, relative to the top of the tree, decoded as UTF-8 with
`surrogateescape`. Dates are the ISO 8601 strings of the document ("" where there is none).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SCHEMA = "backport-report/1"


class StrEnum(str, Enum):
    """An enum whose members are their own JSON text."""

    def __str__(self) -> str:
        return str(self.value)


# --- the patch as text -----------------------------------------------------------------------


class LineKind(StrEnum):
    """What a line of a hunk is: in both images, added, or removed."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of a hunk.

    `text` has no line feed at its end but keeps a carriage return; `newline` is False for a line
    that `\\ No newline at end of file` follows. `document_line` is its line in the document as it
    was read (0 when the patch was made from commits).
    """

    kind: LineKind
    text: bytes
    newline: bool = True
    document_line: int = 0


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk. `number` counts from 1 through the patch; starts and counts are of its header.

    With a count of 0 the start is the line *before* which nothing is (git's and diff's rule): the
    change stands after that line.
    """

    number: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: bytes
    lines: tuple[HunkLine, ...]

    @property
    def preimage(self) -> tuple[bytes, ...]:
        """The lines that the hunk expects: context and removed."""
        return tuple(x.text for x in self.lines if x.kind is not LineKind.ADDED)

    @property
    def postimage(self) -> tuple[bytes, ...]:
        """The lines that the hunk leaves: context and added."""
        return tuple(x.text for x in self.lines if x.kind is not LineKind.REMOVED)

    @property
    def added(self) -> tuple[bytes, ...]:
        return tuple(x.text for x in self.lines if x.kind is LineKind.ADDED)

    @property
    def removed(self) -> tuple[bytes, ...]:
        return tuple(x.text for x in self.lines if x.kind is LineKind.REMOVED)


class ChangeKind(StrEnum):
    MODIFY = "modify"
    ADD = "add"
    DELETE = "delete"
    RENAME = "rename"
    COPY = "copy"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a patch does to one file.

    `old_path` is "" for an added file, `new_path` "" for a deleted one. Modes are octal strings as
    git writes them ("100644", "" unknown); `old_blob` and `new_blob` are hexadecimal, abbreviated
    as the `index` line has them ("" unknown). `binary` holds the verbatim lines of a binary patch
    (`GIT binary patch` or `Binary files differ`), which is carried through and never placed.
    """

    kind: ChangeKind
    old_path: str
    new_path: str
    hunks: tuple[Hunk, ...] = ()
    old_mode: str = ""
    new_mode: str = ""
    old_blob: str = ""
    new_blob: str = ""
    similarity: int | None = None
    binary: bytes | None = None

    @property
    def path(self) -> str:
        """The path after the change, or before it for a deleted file."""
        return self.new_path or self.old_path

    @property
    def added(self) -> int:
        return sum(x.kind is LineKind.ADDED for h in self.hunks for x in h.lines)

    @property
    def removed(self) -> int:
        return sum(x.kind is LineKind.REMOVED for h in self.hunks for x in h.lines)


# --- what the message says -------------------------------------------------------------------


class UpstreamForm(StrEnum):
    """The form in which a message names its upstream commit."""

    COMMIT_UPSTREAM = "commit X upstream"
    UPSTREAM_COMMIT = "[ Upstream commit X ]"
    BACKPORTED_UPSTREAM = "[ backported from upstream commit X ]"
    CHERRY_PICKED = "(cherry picked from commit X)"
    BACKPORTED = "(backported from commit X)"
    MASTER_COMMIT = "master commit: X"
    GIT_COMMIT = "Git-commit: X"
    ORIGIN = "Origin: X"
    BARE_COMMIT = "commit X"
    FAILED_MAIL = "FAILED: patch"
    FROM_LINE = "From X"


@dataclass(frozen=True, slots=True)
class UpstreamId:
    """An upstream commit id (7 to 64 hexadecimal digits), the form it was named in, and where it is
    said to be found. `certain` is False for FROM_LINE and BARE_COMMIT forms: they count only if
    the upstream repository holds the id."""

    id: str
    form: UpstreamForm
    url: str = ""
    branch: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class CommitRef:
    """A commit named by (abbreviated) id and subject, as in `Fixes: 00da60b9d0a0 ("subject")`."""

    id: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class StableRequest:
    """`Cc: stable@vger.kernel.org # 6.1.x: <sha>: subject`: a version and its prerequisites."""

    version: str
    prerequisites: tuple[CommitRef, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConflictsNote:
    """What the backporter wrote on conflicts: `files` and `reasons`, and the note's own text.

    `form` is "Conflicts:" (git, Android), "[name: text]" and the like.
    """

    form: str
    text: str
    files: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trailer:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that a message says of where its change comes from. Order is that of the message."""

    tags: tuple[str, ...] = ()
    upstream: tuple[UpstreamId, ...] = ()
    fixes: tuple[CommitRef, ...] = ()
    stable: tuple[StableRequest, ...] = ()
    stable_dep_of: tuple[CommitRef, ...] = ()
    bugs: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    change_id: str = ""
    series_change_id: str = ""
    conflicts: tuple[ConflictsNote, ...] = ()
    version: int | None = None
    position: tuple[int, int] | None = None
    base_commit: str = ""
    prerequisite_patch_ids: tuple[str, ...] = ()
    failed_tree: str = ""
    trailers: tuple[Trailer, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.email else self.name


@dataclass(frozen=True, slots=True)
class Remark:
    """One answer within a review comment, and the place that it answers.

    `file` is "" where it answers no diff; `line` and `last_line` are in the patch's post-image
    (pre-image where only removed lines are quoted), 0 where unknown. `quoted` is what it answers.
    """

    text: str
    file: str = ""
    line: int = 0
    last_line: int = 0
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """One review message. `file` and `line` of the report are those of its first placed remark."""

    author: Person
    date: str
    text: str
    remarks: tuple[Remark, ...] = ()
    message_id: str = ""


class RepairKind(StrEnum):
    MISSING_LAST_NEWLINE = "missing-last-newline"
    BLANK_CONTEXT = "blank-context"
    SHORT_HUNK = "short-hunk"
    LONG_HUNK = "long-hunk"
    DOUBLED_SPACE_HEADER = "web-page-header"
    UNWRAPPED = "unwrapped"
    LINE_ENDINGS = "line-endings"
    ENCODING = "encoding"
    FORMAT_FLOWED = "format-flowed"
    OTHER = "other"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that was mended before the diff could be read. `line` is the first line of the
    document (1-based), `lines` all of them, `text` what the first of them reads; `what` is a sentence."""

    kind: RepairKind
    severity: Severity
    line: int
    what: str
    lines: tuple[int, ...] = ()
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch as intake leaves it.

    `commit` and `parent` are set only for a patch that was read from a repository's commit, full
    ids. `body` is the message without its subject. `document` names where it was read from (a file
    name without folders, or a commit id), `form` the form it had ("gitiles", "mbox", "commit", ...).
    """

    subject: str
    author: Person
    date: str
    body: str
    files: tuple[FileChange, ...]
    provenance: Provenance = Provenance()
    message_id: str = ""
    repairs: tuple[Repair, ...] = ()
    comments: tuple[Comment, ...] = ()
    document: str = ""
    form: str = ""
    commit: str = ""
    parent: str = ""
    unreadable: str = ""

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        return tuple(h for f in self.files for h in f.hunks)


@dataclass(frozen=True, slots=True)
class Series:
    """Patches in the order in which they are applied."""

    patches: tuple[Patch, ...]
    cover_subject: str = ""
    cover_body: str = ""
    version: int | None = None
    comments: tuple[Comment, ...] = ()
    notes: tuple[str, ...] = ()


# --- C and other source ----------------------------------------------------------------------


class RegionKind(StrEnum):
    FUNCTION = "function"
    STRUCT = "struct"
    UNION = "union"
    ENUM = "enum"
    MACRO = "macro"
    INITIALISER = "initialiser"
    TYPEDEF = "typedef"
    DECLARATION = "declaration"
    FILE = "file"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Region:
    """A named stretch of a file: first and last line inclusive, and the line its name stands on.

    `first` is where the definition begins (its return type or storage class, macro head), without
    the comment above it. `name` is the real name also of macro-made functions.
    """

    kind: RegionKind
    name: str
    first: int
    last: int
    name_line: int

    def label(self) -> str:
        """As a report names it: `f()` for functions, `struct s`, the bare name otherwise."""
        if self.kind is RegionKind.FUNCTION:
            return f"{self.name}()"
        if self.kind in (RegionKind.STRUCT, RegionKind.UNION, RegionKind.ENUM):
            return f"{self.kind.value} {self.name}".rstrip()
        return self.name


# --- references to long texts ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextRef:
    """Where a long text stands: a tree's name, the blob's id ("" in a folder), path, lines."""

    tree: str
    blob: str
    path: str
    first: int
    last: int


# --- placement -------------------------------------------------------------------------------


class PlacementKind(StrEnum):
    EXACT = "exact"
    OFFSET = "offset"
    FUZZ = "fuzz"
    MOVED = "moved"
    MERGED = "merged"
    APPLIED = "applied"
    EVOLVED = "evolved"
    CONFLICT = "conflict"
    ABSENT = "absent"

    @property
    def lands(self) -> bool:
        return self in LANDS

    @property
    def there(self) -> bool:
        return self in (PlacementKind.APPLIED, PlacementKind.EVOLVED)


LANDS = frozenset(
    {
        PlacementKind.EXACT,
        PlacementKind.OFFSET,
        PlacementKind.FUZZ,
        PlacementKind.MOVED,
        PlacementKind.MERGED,
    }
)


class Reason(StrEnum):
    """Why a hunk has its placement: always set, never a bare score."""

    SAME_PLACE = "same-place"
    LINES_SHIFTED = "lines-shifted"
    CONTEXT_DIFFERS = "context-differs"
    FUNCTION_MOVED = "function-moved"
    FILE_RENAMED = "file-renamed"
    MERGED_CLEANLY = "merged-cleanly"
    ALREADY_THERE = "already-there"
    MERGED_ALREADY = "merged-already"
    REMOVAL_DROPPED = "removal-dropped"
    LATER_FORM = "later-form"
    PARTLY_THERE = "partly-there"
    LINES_DIFFER = "lines-differ"
    LINES_GONE = "lines-gone"
    AMBIGUOUS = "ambiguous"
    FUNCTION_ABSENT = "function-absent"
    FILE_ABSENT = "file-absent"
    FILE_EXISTS = "file-exists"
    NOT_A_FILE = "not-a-file"
    OBJECT_MISSING = "object-missing"
    BINARY = "binary"
    BUDGET = "budget"


class BaseKind(StrEnum):
    """Where the base of a patch came from, best first."""

    COMMIT = "commit"
    BASE_COMMIT = "base-commit"
    BLOBS = "blobs"
    HUNKS = "hunks"


@dataclass(frozen=True, slots=True)
class Base:
    """The base that a patch was judged with; `detail` says which commit or how many blobs."""

    kind: BaseKind
    commit: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of text with its first line number, and where the whole stands (None: nowhere but
    in the patch)."""

    text: bytes
    first: int
    ref: TextRef | None = None


@dataclass(frozen=True, slots=True)
class Texts3:
    """The three texts of the function around a hunk; None where there is no such text."""

    preimage: Excerpt | None
    postimage: Excerpt | None
    target: Excerpt | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One stretch in which the target differs from what a hunk expects or leaves.

    `expected` are the patch's lines, `found` the target's, `line` the target's line of the first
    (the line before which nothing was found, when `found` is empty)."""

    line: int
    expected: tuple[bytes, ...]
    found: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one hunk lands, or why not.

    `target_path` is the file it lands or is looked for in ("" none). `line` is the first changed
    line in the pre-image, `target_line` its place in the target (0 unknown), `offset` the distance
    in lines, `fuzz` the context lines that were ignored at each end. `functions` and
    `target_functions` are the regions that its changed lines touch, in order. `differences` is what
    the target has instead; for `evolved` what differs from the hunk's post-image.
    `confidence` is the share of the hunk's changed lines that were found (1.0 for exact kinds).
    """

    hunk: int
    kind: PlacementKind
    reason: Reason
    target_path: str
    line: int
    target_line: int
    offset: int = 0
    fuzz: int = 0
    functions: tuple[Region, ...] = ()
    target_functions: tuple[Region, ...] = ()
    differences: tuple[Difference, ...] = ()
    texts: Texts3 | None = None
    detail: str = ""


# --- findings --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """A line that a person can open: `tree` is the name of a tree in the report ("target",
    "base", "patch", "upstream"), `text` the whole line without its end."""

    tree: str
    path: str
    line: int
    text: bytes


@dataclass(frozen=True, slots=True)
class CommitEvidence:
    commit: str
    subject: str


@dataclass(frozen=True, slots=True)
class GuardEvidence:
    """A preprocessor condition that a line stands under."""

    guard: str
    tree: str = ""
    path: str = ""
    line: int = 0


Evidence = LineEvidence | CommitEvidence | GuardEvidence


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim with its evidence. `fingerprint` is stable across versions of a patch.

    `subject` is the name the finding is about; with code, path, function and an ordinal it makes
    the fingerprint."""

    code: str
    severity: Severity
    message: str
    file: str = ""
    function: str = ""
    hunk: int | None = None
    line: int | None = None
    target_line: int | None = None
    evidence: tuple[Evidence, ...] = ()
    suggestion: str = ""
    fingerprint: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that was not run, and why."""

    code: str
    reason: str


# --- causes ----------------------------------------------------------------------------------


class DriftKind(StrEnum):
    """In what the target's form of a piece of code differs from the one that the patch knows."""

    PARAMETER = "parameter"
    TYPE = "type"
    CALL = "call"
    ARGUMENT = "argument"
    LOCK = "lock"
    RENAMED = "renamed"
    MEMBER = "member"
    CONDITION = "condition"
    STATEMENT = "statement"
    LABEL = "label"
    GUARD = "guard"
    VALUE = "value"
    MACRO = "macro"
    MOVED = "moved"
    SUCCESSOR = "successor"
    ABSENT = "absent"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which the target differs from the patch's world, as an engineer says it.

    `name` is what it is about, `function` the label of the function it was found in ("" at file scope).
    `feature` names the `Feature` of the target's report that it belongs to ("" none)."""

    kind: DriftKind
    message: str
    name: str = ""
    evidence: tuple[Evidence, ...] = ()
    feature: str = ""
    function: str = ""


# --- the report ------------------------------------------------------------------------------


class Verdict(StrEnum):
    CLEAN = "clean"
    APPLIED = "applied"
    PARTIAL = "partial"
    ADAPTABLE = "adaptable"
    CONFLICT = "conflict"
    UNSAFE = "unsafe"
    UNREADABLE = "unreadable"


GOOD_VERDICTS = frozenset({Verdict.CLEAN, Verdict.APPLIED})
"""The verdicts of a patch with which `check` exits 0."""


@dataclass(frozen=True, slots=True)
class HunkReport:
    """A hunk and its placement, in the report's words. `functions` are labels; `function` the
    first of them ("" at file scope). `drift` are the causes, the nearest to its lines first;
    `drift_more` counts those that are not listed, `drift_see` are hunks at which others of the same
    function are."""

    id: str
    number: int
    function: str
    functions: tuple[str, ...]
    target_path: str | None
    target_function: str
    target_functions: tuple[str, ...]
    placement: PlacementKind | None
    reason: Reason | None
    line: int
    target_line: int | None
    offset: int | None
    fuzz: int | None
    detail: str
    differences: tuple[Difference, ...] = ()
    texts: Texts3 | None = None
    proposal: str | None = None
    drift: tuple[Drift, ...] = ()
    drift_more: int = 0
    drift_see: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    path: str
    target_path: str | None
    kind: ChangeKind
    added: int
    removed: int
    hunks: tuple[HunkReport, ...]
    old_path: str = ""
    binary: bool = False
    detail: str = ""


class FeatureState(StrEnum):
    """Whether the target has a feature that the patch's world has; of PRESENT ones only those are listed
    that the patch's world lacks."""

    PRESENT = "present"
    PARTIAL = "partial"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ExplainedHunks:
    """Hunks of one patch of the series (1-based) that a feature explains."""

    patch: int
    hunks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """What came together in one of the two trees and is not in the other: the cause behind several drifts.

    `state` is a FeatureState's text: of the target. `explains` are hunks that do not land because of it, of a
    series' first patch that has such; `hunks` those of every patch. `message` is the whole sentence,
    `names` the names by which it was known, `commits` those that brought it upstream."""

    name: str
    state: str
    evidence: tuple[Evidence, ...] = ()
    explains: tuple[int, ...] = ()
    title: str = ""
    version: str = ""
    message: str = ""
    commits: tuple[CommitEvidence, ...] = ()
    names: tuple[str, ...] = ()
    hunks: tuple[ExplainedHunks, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitNote:
    """A commit in a list of prerequisites or follow-ups.

    `state` is of the target: "missing", "present", "reverted" (taken, and taken back), "not applicable" (a fix, and
    the code that it fixes is not there) or "in this series"; `reason` the words for it. `kind` is "prerequisite",
    "adaptable", "incidental" or "named" (by a `Cc: stable` line) before a patch, "fix" or "revert" after it, of the
    commit `of`. `by` is the target's commit that says the state. `lines` and `files` are what the commit changes,
    `hunks` those of the patch that it has to do with."""

    commit: str
    subject: str
    state: str
    reason: str = ""
    kind: str = ""
    of: str = ""
    by: str = ""
    lines: int = 0
    files: int = 0
    hunks: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to make a patch land, as it was tried on the target: `kind` is "bring" (take the `commits` of
    upstream first, in their order) or "adapt" (change the patch at the `hunks`). `lands` says that it then did;
    `lines` and `files` are what it costs, `followups` the fixes of those commits that are needed as well."""

    kind: str
    lands: bool
    message: str
    commits: tuple[str, ...] = ()
    followups: tuple[str, ...] = ()
    hunks: tuple[int, ...] = ()
    lines: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class CommentReport:
    author: str
    date: str
    file: str
    line: int
    text: str
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class PatchReport:
    """A patch against one target. `verdict` and `base` are None in a report of `show`."""

    subject: str
    author: str
    date: str
    message_id: str
    document: str
    commit: str
    verdict: Verdict | None
    upstream: tuple[str, ...]
    fixes: tuple[str, ...]
    tags: tuple[str, ...]
    bugs: tuple[str, ...]
    change_id: str
    trailers: tuple[tuple[str, str], ...]
    conflicts_note: str | None
    version: int | None
    position: tuple[int, int] | None
    base_commit: str
    repairs: tuple[Repair, ...]
    files: tuple[FileReport, ...]
    base: Base | None = None
    provenance: Provenance = Provenance()
    prerequisites: tuple[CommitNote, ...] = ()
    followups: tuple[CommitNote, ...] = ()
    comments: tuple[CommentReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    unreadable: str = ""
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetReport:
    """One target. `name` is what the user called it, `revision` the commit or tree id ("" for a
    folder), `version` the kernel version of its top Makefile. All None for `show`."""

    name: str | None
    revision: str | None
    version: str | None
    verdict: Verdict | None
    patches: tuple[PatchReport, ...]
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    features: tuple[Feature, ...] = ()
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    targets: tuple[TargetReport, ...]
    schema: str = SCHEMA
    tool: str = ""
    notes: tuple[str, ...] = ()

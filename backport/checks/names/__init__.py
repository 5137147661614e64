"""BP2xx: the names, members and signatures that a patch's added lines use, and whether the target has them.

Two worlds are compared: a use is resolved in upstream's tree after the patch, and by the same means in the
target after the patch. What upstream resolves to something concrete and the target does not is a finding.
"""

from __future__ import annotations

from backport.checks.names.rules import RULES

__all__ = ["RULES"]

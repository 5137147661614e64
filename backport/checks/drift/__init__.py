"""What the patch's world has and the target's has not, said in an engineer's words.

`causes(context)` is the door. `units` cuts code, `compare` lays two forms of it side by side, `heads` and `calls` read
what is in a unit, `say` makes sentences, `collect` finds what has to be compared, and `guards` looks at what stands
around it.
"""

from __future__ import annotations

from backport.checks.drift.collect import Cause, Causes, HunkCauses, causes

__all__ = ["Cause", "Causes", "HunkCauses", "causes"]

"""Builds the objects that a series changes, in a folder of their own, and reports what the compiler says (BP6xx).

The only room that runs code of the target: its build system. It is called by `backport verify` and by nothing else.
"""

from __future__ import annotations

from backport.verify.run import verify
from backport.verify.values import Built, Configuration, Options, State, Verification

__all__ = ["Built", "Configuration", "Options", "State", "Verification", "verify"]

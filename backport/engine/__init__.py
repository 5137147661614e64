"""The one call: a series and targets in, a report out."""

from __future__ import annotations

from backport.engine.check import Budget, Event, check
from backport.engine.show import show

__all__ = ["Budget", "Event", "check", "show"]

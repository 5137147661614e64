"""The embedded example: a small subsystem, its mainline, and an older branch that a series shall reach.

`build(folder)` makes the repository; everything in it is this project's own text.
"""

from backport.demo.repository import Demo, build

__all__ = ["Demo", "build"]

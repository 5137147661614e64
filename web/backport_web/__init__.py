"""The review UI (not built yet): a FastAPI application that imports backport and is never imported by it."""

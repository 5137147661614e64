"""What a message says of where its change comes from. Text in, `model.Provenance` out."""

from backport.provenance.reader import read_provenance
from backport.provenance.subject import strip_subject

__all__ = ["read_provenance", "strip_subject"]

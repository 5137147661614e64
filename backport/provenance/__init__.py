"""What a message says of where its change comes from. Text in, `model.Provenance` out."""

from backport.provenance.reader import read_provenance
from backport.provenance.subject import SubjectLine, read_subject, strip_subject

__all__ = ["SubjectLine", "read_provenance", "read_subject", "strip_subject"]

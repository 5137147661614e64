"""What a tree provides, by name: definitions found anywhere in it, kept from one run to the next."""

from backport.index.generated import is_generated
from backport.index.names import Lookups, Names, tree_names
from backport.index.values import Located, order

__all__ = ["Located", "Lookups", "Names", "is_generated", "order", "tree_names"]

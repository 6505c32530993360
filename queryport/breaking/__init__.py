"""The changes between two catalogues that break callers: what is not taken any more, what is answered anew."""

from queryport.breaking.catalogues import Breach, breaches

__all__ = ["Breach", "breaches"]

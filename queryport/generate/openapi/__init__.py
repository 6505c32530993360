"""An OpenAPI 3.1 document of a catalogue, in pieces of which each has its audience."""

from queryport.generate.openapi.document import Described, Document, Heading, document_of
from queryport.generate.openapi.earlier_pieces import EarlierPieces

__all__ = ["Described", "Document", "EarlierPieces", "Heading", "document_of"]

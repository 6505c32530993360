"""An OpenAPI 3.1 document of a catalogue, in pieces of which each has its audience."""

from queryport.generate.openapi.document import Described, Document, Heading, document_of

__all__ = ["Described", "Document", "Heading", "document_of"]

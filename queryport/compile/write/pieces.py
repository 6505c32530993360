"""A statement in pieces, of which a call takes those that its parameters decide for."""

from handler.contract.operation import Choice

Pieces = tuple[str | Choice, ...]


def joined_pieces(pieces: Pieces) -> Pieces:
    """Join neighbouring texts into one."""
    joined: list[str | Choice] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return tuple(joined)


def whole_text(pieces: Pieces, *, present: bool) -> str:
    """Return the statement of a call that gives every parameter, or of one that gives none that it may leave out."""
    return "".join(
        piece if isinstance(piece, str) else (piece.present if present else piece.absent) for piece in pieces
    )

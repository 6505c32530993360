"""The statements that no operation can be: code, reason and cure of each, by the name of its syntax tree's node."""

_SESSION = "the RDS Data API gives every call a clean session, so this would have no effect"
_TRANSACTION = "every operation is a transaction of its own already"
REFUSED_STATEMENTS: dict[str, tuple[str, str, str]] = {
    "copy_stmt": (
        "QP204",
        "COPY needs a connection of its own, and the RDS Data API has none",
        "take rows in as one jsonb parameter with jsonb_to_recordset, and give them out with SELECT",
    ),
    "listen_stmt": ("QP205", "LISTEN waits on a connection, and the RDS Data API has none", "poll a table instead"),
    "unlisten_stmt": ("QP205", "UNLISTEN ends what no operation can begin", "delete the file"),
    "transaction_stmt": ("QP206", f"transaction control: {_TRANSACTION}", "delete it"),
    "constraints_set_stmt": ("QP206", f"SET CONSTRAINTS: {_TRANSACTION}", "declare the constraint as it should be"),
    "lock_stmt": (
        "QP206",
        f"LOCK TABLE would be released at once: {_TRANSACTION}",
        "lock rows with SELECT … FOR UPDATE",
    ),
    "variable_set_stmt": (
        "QP207",
        _SESSION,
        "set it for the role with ALTER ROLE … SET, or in the statement with set_config(…, true)",
    ),
    "prepare_stmt": ("QP207", _SESSION, "put the statement itself into the file"),
    "execute_stmt": ("QP207", "no prepared statement outlives its call", "put the statement itself into the file"),
    "deallocate_stmt": ("QP207", _SESSION, "delete the file"),
    "declare_cursor_stmt": ("QP207", "no cursor outlives its call", "page through the rows with `page:`"),
    "fetch_stmt": ("QP207", "no cursor outlives its call", "page through the rows with `page:`"),
    "close_portal_stmt": ("QP207", "no cursor outlives its call", "delete the file"),
    "discard_stmt": ("QP207", _SESSION, "delete the file"),
    "load_stmt": ("QP207", _SESSION, "delete the file"),
    "explain_stmt": ("QP208", "EXPLAIN's rows cannot be rendered as JSON", "run EXPLAIN in psql"),
    "variable_show_stmt": (
        "QP208",
        "SHOW's row cannot be rendered as JSON",
        "write `SELECT current_setting('…') AS value`",
    ),
}

"""columnMetadata: pgjdbc's codes, sizes and names, and which table a column is of."""

from typing import Any

import pytest

from tests.support.data_api import Api


def metadata(api: Api, sql: str, **members: Any) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = api.execute(sql, includeResultMetadata=True, **members)["columnMetadata"]
    return columns


@pytest.mark.parametrize(
    ("type_name", "name", "code", "precision", "scale", "signed", "case_sensitive"),
    [
        ("int2", "int2", 5, 5, 0, True, False),
        ("int8", "int8", -5, 19, 0, True, False),
        ("oid", "oid", -5, 10, 0, False, False),
        ("float4", "float4", 7, 8, 8, True, False),
        ("float8", "float8", 8, 17, 17, True, False),
        ("numeric", "numeric", 2, 0, 0, True, False),
        ("numeric(12,2)", "numeric", 2, 12, 2, True, False),
        ("numeric(3,-2)", "numeric", 2, 3, -2, True, False),
        ("bool", "bool", -7, 1, 0, False, False),
        ("text", "text", 12, 2147483647, 0, False, True),
        ("varchar(40)", "varchar", 12, 40, 0, False, True),
        ("varchar", "varchar", 12, 2147483647, 0, False, True),
        ("char(3)", "bpchar", 1, 3, 0, False, True),
        ("name", "name", 12, 2147483647, 0, False, True),
        ("bytea", "bytea", -2, 2147483647, 0, False, True),
        ("date", "date", 91, 13, 0, False, False),
        ("time", "time", 92, 15, 6, False, False),
        ("time(3)", "time", 92, 12, 3, False, False),
        ("timestamp", "timestamp", 93, 29, 6, False, False),
        ("timestamp(0)", "timestamp", 93, 22, 0, False, False),
        ("timestamptz", "timestamptz", 93, 35, 6, False, False),
        ("json", "json", 1111, 2147483647, 0, False, True),
        ("jsonb", "jsonb", 1111, 2147483647, 0, False, True),
        ("uuid", "uuid", 1111, 2147483647, 0, False, True),
        ("inet", "inet", 1111, 2147483647, 0, False, True),
        ("int4[]", "_int4", 2003, 10, 0, True, False),
        ("numeric(5,1)[]", "_numeric", 2003, 5, 1, True, False),
        ("text[]", "_text", 2003, 2147483647, 0, False, True),
        ("money", "money", 8, 2147483647, 0, False, True),
        ("interval", "interval", 1111, 49, 6, False, False),
        ("bit(4)", "bit", -7, 4, 0, False, False),
        ("varbit", "varbit", 1111, 2147483647, 0, False, False),
    ],
)
def test_types_have_pgjdbcs_codes_and_sizes(
    api: Api,
    type_name: str,
    name: str,
    code: int,
    precision: int,
    scale: int,
    signed: bool,  # noqa: FBT001 (a row of the table above)
    case_sensitive: bool,  # noqa: FBT001
) -> None:
    [column] = metadata(api, f"SELECT NULL::{type_name} AS c WHERE false")
    assert (column["typeName"], column["type"], column["precision"], column["scale"]) == (name, code, precision, scale)
    assert (column["isSigned"], column["isCaseSensitive"]) == (signed, case_sensitive)
    assert column["isCurrency"] == (type_name == "money")
    assert column["arrayBaseColumnType"] == 0


def test_a_column_of_a_table_says_so(api: Api) -> None:
    api.execute("CREATE TABLE parts (id int GENERATED ALWAYS AS IDENTITY, big bigserial, small smallserial, name text)")
    columns = metadata(api, "SELECT p.id, big AS huge, small, name, upper(name) FROM parts p")
    assert [column["label"] for column in columns] == ["id", "huge", "small", "name", "upper"]
    assert [column["name"] for column in columns] == ["id", "huge", "small", "name", "upper"]
    assert [column["typeName"] for column in columns] == ["serial", "bigserial", "smallserial", "text", "text"]
    assert [column["tableName"] for column in columns] == ["parts"] * 4 + [""]
    assert [column["isAutoIncrement"] for column in columns] == [True, True, True, False, False]
    assert [column["nullable"] for column in columns] == [0, 0, 0, 1, 0]
    assert {column["schemaName"] for column in columns} == {""}


def test_columns_of_a_view_name_the_view(api: Api) -> None:
    api.execute("CREATE TABLE t (a int NOT NULL)")
    api.execute("CREATE VIEW v AS SELECT a FROM t")
    [column] = metadata(api, "SELECT a FROM v")
    assert (column["tableName"], column["nullable"]) == ("v", 1)


def test_types_and_tables_of_an_open_transaction_are_seen(api: Api) -> None:
    transaction = api.begin()
    api.execute("CREATE TYPE color AS ENUM ('red')", transactionId=transaction)
    api.execute("CREATE TABLE boxes (color color NOT NULL)", transactionId=transaction)
    [column] = metadata(api, "SELECT color FROM boxes", transactionId=transaction)
    assert (column["typeName"], column["type"], column["tableName"]) == ("color", 12, "boxes")


def test_a_search_path_of_the_statement_s_own_does_not_matter(api: Api) -> None:
    transaction = api.begin()
    api.execute("CREATE TABLE t (a int)", transactionId=transaction)
    api.execute("SET LOCAL search_path = ''", transactionId=transaction)
    [column] = metadata(api, "SELECT a FROM public.t", transactionId=transaction)
    assert column["tableName"] == "t"


def test_metadata_comes_with_rows_only_and_only_when_asked_for(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    assert "columnMetadata" not in api.execute("INSERT INTO t VALUES (1)", includeResultMetadata=True)
    assert "columnMetadata" not in api.execute("SELECT a FROM t")
    [column] = metadata(api, "INSERT INTO t VALUES (2) RETURNING a")
    assert column["tableName"] == "t"

"""Other people's Python clients: the DB-API driver aurora-data-api, and SQLAlchemy over it."""

import datetime
import decimal
import json
import uuid
from collections.abc import Iterator
from typing import Any

import aurora_data_api  # type: ignore[import-untyped]  # it ships no types
import pytest
import sqlalchemy as sa
import sqlalchemy_aurora_data_api  # type: ignore[import-untyped]  # it ships no types
from aurora_data_api.exceptions import PostgreSQLError  # type: ignore[import-untyped]
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from tests.support.data_api import RESOURCE_ARN, SECRET_ARN, Api
from tests.support.databases import fresh_copy, template_database

pytestmark = pytest.mark.slow


def connect(api: Api, **options: Any) -> Any:
    return aurora_data_api.connect(
        aurora_cluster_arn=RESOURCE_ARN,
        secret_arn=SECRET_ARN,
        database=api.database,
        rds_data_client=api.client,
        **options,
    )


def _fill(url: str) -> None:
    name = str(conninfo_to_dict(url)["dbname"])
    with (
        Emulator(url) as emulator,  # of its own, for a session that it keeps would keep others from copying
        Api(emulator.url, name) as api,
        connect(api) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "CREATE TABLE numbered (id SERIAL, name TEXT, doc JSONB DEFAULT '{}', num NUMERIC (10, 5) DEFAULT 0.0,"
            " ts TIMESTAMP WITHOUT TIME ZONE)"
        )
        cursor.executemany(
            "INSERT INTO numbered (name, doc, num, ts)"
            " VALUES (:name, CAST(:doc AS JSONB), :num, CAST(:ts AS TIMESTAMP))",
            [
                {
                    "name": f"row{i}",
                    "doc": json.dumps({"x": i, "y": str(i), "z": [i, i * i, i**i if i < 128 else 0]}),
                    "num": decimal.Decimal(f"{i}.{i}"),
                    "ts": "2020-09-17 13:49:32.780180",
                }
                for i in range(2048)
            ],
        )


class TestDbApi:
    """As the driver's own tests do it."""

    @pytest.fixture
    def filled(self, emulator: Emulator, postgres: EmbeddedPostgres) -> Iterator[Api]:
        template = template_database(postgres, "numbered", _fill)
        with fresh_copy(postgres, template) as copy, Api(emulator.url, copy.name) as api:
            yield api

    def test_rows_are_iterated_and_fetched(self, filled: Api) -> None:
        first = (
            1,
            "row0",
            '{"x":0,"y":"0","z":[0,0,1]}',
            decimal.Decimal(0),
            datetime.datetime(2020, 9, 17, 13, 49, 32, 780180),  # noqa: DTZ001 (the column has no zone)
        )
        with connect(filled) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT * FROM numbered")
            rows = list(cursor)
            assert (rows[0], len(rows)) == (first, 2048)
            cursor.execute("SELECT * FROM numbered")
            assert {len(cursor.fetchmany(1001)) for _ in range(3)} == {1001, 46}
            assert cursor.fetchall() == []
            last = rows[-1]
            assert last[:2] == (2048, "row2047")
            assert json.loads(last[2]) == {"x": 2047, "y": "2047", "z": [2047, 2047 * 2047, 0]}
            assert last[3] == decimal.Decimal("2047.2047")

    def test_counts_are_told(self, filled: Api) -> None:
        with connect(filled) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT * FROM numbered LIMIT 8")
            assert cursor.rowcount == 8
            cursor.execute("UPDATE numbered SET doc = '{}' WHERE name LIKE 'row204%'")
            assert cursor.rowcount == 9
            cursor.execute("DELETE FROM numbered WHERE name LIKE 'row204%'")
            assert cursor.rowcount == 9

    def test_errors_are_classes_by_sqlstate(self, api: Api) -> None:
        with connect(api) as connection, connection.cursor() as cursor:
            with pytest.raises(PostgreSQLError.ER_SYNTAX_ERR):
                cursor.execute("selec * from table")
            connection.rollback()
        with connect(api) as connection, connection.cursor() as cursor:
            with pytest.raises(PostgreSQLError.ER_UNDEF_TABLE, match='relation "nothing" does not exist'):
                cursor.execute("SELECT * FROM nothing")
            connection.rollback()

    def test_an_error_in_the_block_rolls_back(self, filled: Api) -> None:
        def fail() -> None:
            with connect(filled) as connection, connection.cursor() as cursor:
                cursor.execute("DELETE FROM numbered")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert filled.value("SELECT count(*) FROM numbered") == 2048

    def test_values_of_pythons_types_make_the_round_trip(self, api: Api) -> None:
        values: dict[str, Any] = {
            "i": 2**53 + 1,
            "f": 0.1,
            "s": "ünï",
            "b": b"\x00\xff",
            "t": True,
            "n": None,
            "d": datetime.date(2026, 1, 2),
            "m": datetime.time(3, 4, 5, 678901),
            "w": datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),  # noqa: DTZ001 (a TIMESTAMP has no zone)
            "c": decimal.Decimal("12345678901234567890.10"),
        }
        with connect(api) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT :i, :f, :s, :b, :t, CAST(:n AS int), :d, :m, :w, :c", values)
            assert cursor.fetchone() == tuple(values.values())
            assert [column.name for column in cursor.description] == ["?column?"] * 5 + ["int4"] + ["?column?"] * 4

    def test_continue_after_timeout_is_passed_on(self, api: Api) -> None:
        with connect(api, continue_after_timeout=True) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    born: Mapped[datetime.date | None]
    books: Mapped[list["Book"]] = relationship(back_populates="author", order_by="Book.id")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("authors.id"))
    title: Mapped[str]
    price: Mapped[decimal.Decimal] = mapped_column(sa.Numeric(10, 2))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=False), default=lambda: str(uuid.uuid4()))
    added: Mapped[datetime.datetime] = mapped_column(sa.DateTime, server_default=sa.func.now())
    author: Mapped[Author] = relationship(back_populates="books")


class TestSqlAlchemy:
    @pytest.fixture
    def engine(self, api: Api) -> Iterator[sa.Engine]:
        sqlalchemy_aurora_data_api.register_dialects()
        engine = sa.create_engine(
            f"postgresql+auroradataapi://:@/{api.database}",
            connect_args={"aurora_cluster_arn": RESOURCE_ARN, "secret_arn": SECRET_ARN, "rds_data_client": api.client},
        )
        yield engine
        engine.dispose()

    @pytest.fixture
    def tables(self, engine: sa.Engine) -> sa.Engine:
        with engine.begin() as connection:
            for table in Base.metadata.sorted_tables:
                connection.execute(sa.schema.CreateTable(table))
        return engine

    def test_objects_are_stored_and_found(self, tables: sa.Engine) -> None:
        with Session(tables) as session:
            author = Author(name="Ursula", born=datetime.date(1929, 10, 21))
            author.books = [
                Book(title="One", price=decimal.Decimal("9.90"), details={"pages": 1}, tags=["sf", "old"]),
                Book(title="Two", price=decimal.Decimal("19.95")),
            ]
            session.add(author)
            session.commit()
        with Session(tables) as session:
            found = session.scalars(sa.select(Author).where(Author.name == "Ursula")).one()
            assert found.born == datetime.date(1929, 10, 21)
            assert [(book.title, book.price) for book in found.books] == [
                ("One", decimal.Decimal("9.90")),
                ("Two", decimal.Decimal("19.95")),
            ]
            assert found.books[0].tags == ["sf", "old"]
            assert found.books[1].details is None
            assert isinstance(found.books[0].added, datetime.datetime)
            uuid.UUID(str(found.books[0].key))

    def test_queries_have_joins_groups_and_limits(self, tables: sa.Engine) -> None:
        with Session(tables) as session:
            for name in ("Ann", "Bob"):
                session.add(
                    Author(name=name, books=[Book(title=f"{name} {n}", price=decimal.Decimal(n)) for n in range(1, 4)])
                )
            session.commit()
            statement = (
                sa.select(Author.name, sa.func.count(Book.id), sa.func.sum(Book.price))
                .join(Author.books)
                .where(Book.price >= decimal.Decimal("2.00"))
                .group_by(Author.name)
                .order_by(Author.name.desc())
                .limit(5)
            )
            assert [tuple(row) for row in session.execute(statement)] == [
                ("Bob", 2, decimal.Decimal("5.00")),
                ("Ann", 2, decimal.Decimal("5.00")),
            ]
            assert session.scalar(sa.select(sa.func.count()).where(Author.name.in_(["Ann", "Zoe"]))) == 1

    def test_updates_deletes_and_upserts_count(self, tables: sa.Engine) -> None:
        with tables.begin() as connection:
            connection.execute(sa.insert(Author), [{"name": name} for name in ("a", "b", "c")])
            changed = connection.execute(
                sa.update(Author).where(Author.name != "a").values(born=sa.func.current_date())
            )
            assert changed.rowcount == 2
            statement = upsert(Author).values(name="a").on_conflict_do_nothing().returning(Author.id)
            assert connection.execute(statement).all() == []
            assert connection.execute(sa.delete(Author)).rowcount == 3

    def test_a_failed_block_is_rolled_back(self, tables: sa.Engine) -> None:
        def insert_twice() -> None:
            with tables.begin() as connection:
                connection.execute(sa.insert(Author).values(name="same"))
                connection.execute(sa.insert(Author).values(name="same"))

        with pytest.raises(sa.exc.DatabaseError, match="duplicate key"):
            insert_twice()
        with tables.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(Author)) == 0

    def test_savepoints_are_statements_like_others(self, tables: sa.Engine) -> None:
        with Session(tables) as session:
            session.add(Author(name="kept"))
            session.flush()
            with pytest.raises(sa.exc.DatabaseError), session.begin_nested():
                session.execute(sa.insert(Author).values(name="kept"))
            session.commit()
            assert session.scalar(sa.select(sa.func.count()).select_from(Author)) == 1

    def test_an_unknown_table_is_a_programming_error_with_its_sqlstate(self, engine: sa.Engine) -> None:
        with engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match="SQLState: 42P01"):
            connection.execute(sa.text("SELECT * FROM nothing"))

    def test_names_of_tables_and_schemas_are_reflected(self, tables: sa.Engine) -> None:
        inspector = sa.inspect(tables)
        assert "public" in inspector.get_schema_names()
        assert {"authors", "books"} <= set(inspector.get_table_names(schema="public"))

    def test_columns_are_reflected_no_further_than_the_service_allows(self, tables: sa.Engine, api: Api) -> None:
        """The reflection selects columns of the type "char", which the service refuses."""
        inspector = sa.inspect(tables)
        with pytest.raises(api.client.exceptions.UnsupportedResultException, match='unsupported data type "CHAR"'):
            inspector.get_columns("books", schema="public")

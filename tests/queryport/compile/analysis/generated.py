"""Generates statements over schema.sql by a seed: joins of every kind, WITH, set operations, grouping, DML.

Half of them mean nothing; all of them are such as a claim could be wrong about.
"""

import os
import random
from dataclasses import dataclass

Columns = dict[str, str]
"""The columns of an item of FROM, each `alias.name` with its type: int, text, bool or num."""

TABLES: dict[str, dict[str, str]] = {
    "customer": {"customer_id": "int", "name": "text", "email": "text"},
    "orders": {"order_id": "int", "customer_id": "int", "total": "num", "region": "text", "flag": "bool"},
    "line": {"order_id": "int", "line_no": "int", "sku": "text", "note": "text"},
    "tick": {"a": "int", "b": "int", "v": "text", "n": "num"},
    "coded": {"id": "int"},
    "parent": {"id": "int", "own": "int", "v": "text"},
    "late": {"id": "int", "v": "text"},
    "ruled": {"id": "int", "v": "text"},
    "triggered": {"id": "int", "v": "text"},
    "shown": {"a": "int", "v": "text", "one": "int"},
    "touched": {"id": "int", "v": "text", "w": "text"},
    "parted": {"k": "int", "v": "text", "w": "text"},
    "shown_touched": {"id": "int", "v": "text", "w": "text"},
    "stored": {"id": "int", "v": "text", "odd": "int", "n": "text"},
    "slice": {"k": "int", "region": "text", "v": "int"},
    "pair": {"a": "int", "b": "int", "c": "int", "d": "int"},
    "both_sides": {"order_id": "int", "total": "num", "sku": "text", "line_no": "int"},
    "sums": {"customer_id": "int", "orders": "int", "total": "num", "region": "text"},
    "kept": {"order_id": "int", "total": "num", "region": "text", "place": "text"},
}
WRITABLE = (
    *("customer", "orders", "line", "tick", "parent", "late", "pair", "ruled", "triggered", "shown"),
    *("touched", "shown_touched", "parted", "stored"),
)
COUNT = int(os.environ.get("QUERYPORT_GENERATED", "50"))
"""How many statements a test tries; `make generated` tries more."""
SEED = os.environ.get("QUERYPORT_SEED", "1")

TYPES = ("int", "text", "bool", "num")


@dataclass
class Generator:
    """Writes random statements; the same seed writes the same ones."""

    random: random.Random
    aliases: int = 0

    def alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # Expressions

    def expression(self, kind: str, columns: Columns, depth: int = 2) -> str:
        fitting = [name for name, own in columns.items() if own == kind]
        if fitting and (depth == 0 or self.chance(0.5)):
            return self.random.choice(fitting)
        if depth == 0:
            return self.random.choice(
                {
                    "int": ["1", "2", "NULL::int", "0"],
                    "text": ["'x'", "'ann'", "''", "NULL::text"],
                    "bool": ["true", "false", "NULL::bool"],
                    "num": ["1.5", "0.0", "NULL::numeric"],
                }[kind]
            )

        def inner(other: str) -> str:
            return self.expression(other, columns, depth - 1)

        other = self.random.choice(TYPES)
        general = [
            lambda: f"coalesce({inner(kind)}, {inner(kind)})",
            lambda: f"CASE WHEN {inner('bool')} THEN {inner(kind)} ELSE {inner(kind)} END",
            lambda: f"CASE WHEN {inner('bool')} THEN {inner(kind)} END",
            lambda: f"nullif({inner(kind)}, {inner(kind)})",
            lambda: self.scalar_subquery(kind, columns),
            lambda: self.branches(kind, columns, depth - 1),
        ]
        special = {
            "int": [
                lambda: f"({inner('int')} + {inner('int')})",
                lambda: f"length({inner('text')})",
                lambda: f"({inner('num')})::int",
                lambda: f"greatest({inner('int')}, {inner('int')})",
                lambda: f"array_length(ARRAY[{inner('int')}], 1)",
                lambda: f"abs({inner('int')})",
                lambda: f"lower(int4range({inner('int')}, NULL))",
                lambda: f"cardinality((ARRAY[1, {inner('int')}])[{inner('int')} : {inner('int')}])",
            ],
            "text": [
                lambda: f"({inner('text')} || {inner('text')})",
                lambda: f"upper({inner('text')})",
                lambda: f"({inner(other)})::text",
                lambda: f"concat({inner('text')}, {inner('int')})",
                lambda: f"substring({inner('text')} FROM 'a')",
                lambda: f"split_part({inner('text')}, 'n', 1)",
                lambda: f"jsonb_build_object('a', {inner('int')}) ->> 'a'",
                lambda: f"concat_ws({inner('text')}, {inner('text')}, {inner('int')})",
                lambda: f"json_scalar({inner('int')})::text",
            ],
            "bool": [
                lambda: f"({inner(other)} = {inner(other)})",
                lambda: f"({inner('int')} < {inner('int')})",
                lambda: f"({inner(other)} IS NULL)",
                lambda: f"({inner(other)} IS DISTINCT FROM {inner(other)})",
                lambda: f"({inner('bool')} AND {inner('bool')})",
                lambda: f"(NOT {inner('bool')})",
                lambda: f"({inner('int')} IN ({inner('int')}, {inner('int')}))",
                lambda: f"({inner('text')} LIKE {inner('text')})",
                lambda: f"app.holds({inner('text')})",
                lambda: f"({inner('text')} OPERATOR(app.===) ANY (ARRAY['x', {inner('text')}]))",
                lambda: f"(({inner('int')}, {inner('text')}) < ({inner('int')}, {inner('text')}))",
                lambda: f"({inner('bool')} IS TRUE)",
                lambda: f"({inner('int')} IN {self.subquery('int', columns)})",
                lambda: f"EXISTS {self.subquery('int', columns)}",
                lambda: f"({inner('int')} = ANY (ARRAY{self.subquery('int', columns)}))",
                lambda: f"({inner('int')} <> ALL (ARRAY[{inner('int')}, {inner('int')}]))",
                lambda: f"({inner('bool')} OR {inner('bool')})",
                lambda: (
                    f"({inner('bool')} IS {self.random.choice(['NOT TRUE', 'NOT FALSE', 'UNKNOWN', 'NOT UNKNOWN'])})"
                ),
            ],
            "num": [
                lambda: f"({inner('num')} * {inner('num')})",
                lambda: f"({inner('int')})::numeric",
                lambda: f"round({inner('num')}, 1)",
            ],
        }[kind]
        return self.random.choice(general + special * 2)()

    def branches(self, kind: str, columns: Columns, depth: int) -> str:
        """A CASE whose conditions speak of what its results are made of."""
        fitting = [name for name, own in columns.items() if own == kind] or [self.expression(kind, columns, 0)]
        name = self.random.choice(fitting)
        other = self.random.choice(fitting)
        condition = self.random.choice(
            [
                f"{name} IS NULL",
                f"{name} IS NOT NULL",
                f"{name} IS NULL OR {other} IS NULL",
                f"{name} IS NOT NULL AND {other} IS NOT NULL",
                f"NOT {name} IS NULL",
                f"{name} = {other}",
                self.expression("bool", columns, depth),
            ]
        )
        results = [self.random.choice([name, other, self.expression(kind, columns, 0)]) for _ in range(3)]
        second = f" WHEN {other} IS NULL THEN {results[2]}" if self.chance(0.3) else ""
        return f"CASE WHEN {condition} THEN {results[0]}{second} ELSE {results[1]} END"

    def subquery(self, kind: str, columns: Columns) -> str:
        item, own = self.table()
        condition = f" WHERE {self.expression('bool', {**own, **columns}, 1)}" if self.chance(0.6) else ""
        return f"(SELECT {self.expression(kind, own, 1)} FROM {item}{condition})"

    def scalar_subquery(self, kind: str, columns: Columns) -> str:
        item, own = self.table()
        condition = f" WHERE {self.expression('bool', {**own, **columns}, 1)}" if self.chance(0.6) else ""
        value = self.aggregate(kind, own) if self.chance(0.6) else f"({self.expression(kind, {**own, **columns}, 1)})"
        limit = " LIMIT 1" if value[0] == "(" else ""
        return f"(SELECT {value} FROM {item}{condition}{limit})"

    def aggregate(self, kind: str, columns: Columns) -> str:
        argument = self.expression(kind, columns, 1)
        extra = f" FILTER (WHERE {self.expression('bool', columns, 1)})" if self.chance(0.2) else ""
        if kind == "int" and self.chance(0.5):
            return f"count({argument}){extra}"
        if kind == "text" and self.chance(0.3):
            whole = self.random.choice(["array_agg({})", "json_agg({})", "json_arrayagg({})"])
            return f"({whole.format(argument)}{extra})::text"
        if kind == "num" and self.chance(0.2):
            return f"(percentile_disc(0.5) WITHIN GROUP (ORDER BY {argument}){extra})"
        name = {"int": "max", "text": "string_agg", "bool": "bool_and", "num": "sum"}[kind]
        separator = ", ','" if name == "string_agg" else ""
        return f"{name}({argument}{separator}){extra}"

    # FROM

    def table(self) -> tuple[str, Columns]:
        name, alias = self.random.choice(list(TABLES)), self.alias()
        only = "ONLY " if name == "parent" and self.chance(0.5) else ""
        return f"{only}{name} {alias}", {f"{alias}.{column}": kind for column, kind in TABLES[name].items()}

    def item(self, common: dict[str, dict[str, str]], depth: int) -> tuple[str, Columns]:
        choice = self.random.random()
        alias = self.alias()
        if common and choice < 0.25:
            name = self.random.choice(list(common))
            return f"{name} {alias}", {f"{alias}.{column}": kind for column, kind in common[name].items()}
        if depth > 0 and choice < 0.4:
            text, columns = self.query(common, depth - 1)
            return f"({text}) {alias}", {f"{alias}.{column}": kind for column, kind in columns.items()}
        if choice < 0.47:
            rows = ", ".join(f"({self.expression('int', {}, 1)}, {self.expression('text', {}, 1)})" for _ in range(2))
            return f"(VALUES {rows}) {alias}(x, y)", {f"{alias}.x": "int", f"{alias}.y": "text"}
        if choice < 0.53:
            return f"generate_series(1, 3) WITH ORDINALITY {alias}(x, y)", {f"{alias}.x": "int", f"{alias}.y": "num"}
        if choice < 0.56:
            values = f"{self.expression('text', {}, 1)}, {self.expression('text', {}, 1)}"
            array = self.random.choice(
                [f"ARRAY[{values}]", f"string_to_array({values})", "'{x,NULL}'::text[]", "'{x}'::text[]"]
            )
            return f"unnest({array}) {alias}(x)", {f"{alias}.x": "text"}
        if depth > 0 and choice < 0.87:
            return self.join(common, depth - 1)
        return self.table()

    def join(self, common: dict[str, dict[str, str]], depth: int) -> tuple[str, Columns]:
        left, left_columns = self.item(common, depth)
        right, right_columns = self.item(common, depth)
        kind = self.random.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "LEFT JOIN LATERAL"])
        columns = {**left_columns, **right_columns}
        if kind == "CROSS JOIN":
            return f"({left} CROSS JOIN {right})", columns
        if kind == "LEFT JOIN LATERAL":
            alias = self.alias()
            both = {**left_columns, **right_columns}
            where = f" WHERE {self.condition(both)}" if self.chance(0.5) else ""
            value = self.random.choice([self.expression("int", both, 1), self.aggregate("int", right_columns)])
            limit = self.random.choice(["", " LIMIT 2", " HAVING count(*) > 2"] if "(" in value else ["", " LIMIT 2"])
            right = f"(SELECT {value} AS x FROM {right}{where}{limit}) {alias}"
            condition = self.random.choice(["true", "true", self.expression("bool", left_columns, 1)])
            join = "LEFT" if self.chance(0.8) else "INNER"
            return f"({left} {join} JOIN LATERAL {right} ON {condition})", {**left_columns, f"{alias}.x": "int"}
        shared = self._shared(left_columns, right_columns)
        if shared and self.chance(0.4) and "JOIN" not in left and "JOIN" not in right:
            return f"({left} {kind} {right} USING ({shared}))", {**columns, shared: "int"}
        pairs = [
            f"{a} = {b}"
            for a, one in left_columns.items()
            for b, two in right_columns.items()
            if one == two and one in ("int", "text")
        ]
        # Only what can be merged or hashed stands in ON of a FULL JOIN.
        condition = self.random.choice(pairs) if pairs else "true"
        if kind != "FULL JOIN" and self.chance(0.3):
            condition = self.expression("bool", columns, 1)
        return f"({left} {kind} {right} ON {condition})", columns

    @staticmethod
    def _shared(left: Columns, right: Columns) -> str | None:
        ours, theirs = ([name.split(".")[-1] for name, kind in side.items() if kind == "int"] for side in (left, right))
        both = [name for name in ours if ours.count(name) == theirs.count(name) == 1]
        return both[0] if both else None

    # Queries

    def query(self, common: dict[str, dict[str, str]], depth: int = 2) -> tuple[str, dict[str, str]]:
        """A query and its columns, which are called c1, c2 …"""
        if depth > 0 and self.chance(0.15):
            kinds = [self.random.choice(TYPES) for _ in range(2)]
            sides = [self.select(common, depth - 1, kinds)[0] for _ in range(2)]
            operation = self.random.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"])
            return f"({sides[0]}) {operation} ({sides[1]})", {"c1": kinds[0], "c2": kinds[1]}
        return self.select(common, depth, [self.random.choice(TYPES) for _ in range(self.random.randint(1, 4))])

    def select(self, common: dict[str, dict[str, str]], depth: int, kinds: list[str]) -> tuple[str, dict[str, str]]:
        item, columns = self.item(common, depth)
        if self.chance(0.15):
            other, more = self.table()
            item, columns = f"{item}, {other}", {**columns, **more}
        where = f" WHERE {self.condition(columns)}" if self.chance(0.4) else ""
        names = {f"c{number}": kind for number, kind in enumerate(kinds, start=1)}
        if self.chance(0.3):
            return self.grouped(item, columns, where, kinds), names
        values = [
            f"{self.windowed(kind, columns) if self.chance(0.1) else self.expression(kind, columns)} AS c{number}"
            for number, kind in enumerate(kinds, start=1)
        ]
        distinct = "DISTINCT " if self.chance(0.15) else ""
        limit = f" ORDER BY 1 LIMIT {self.random.randint(1, 5)}" if self.chance(0.1) else ""
        return f"SELECT {distinct}{', '.join(values)} FROM {item}{where}{limit}", names

    def condition(self, columns: Columns) -> str:
        parts = []
        for _ in range(self.random.randint(1, 2)):
            name = self.random.choice(list(columns))
            literal = {"int": "1", "text": "'x'", "bool": "true", "num": "7"}[columns[name]]
            parts.append(
                self.random.choice(
                    [
                        f"{name} IS NOT NULL",
                        f"{name} = {literal}",
                        f"NOT ({name} IS NULL)",
                        f"{name} IN ({literal}, {literal})",
                        self.expression("bool", columns, 1),
                        f"({self.expression('bool', columns, 1)} OR {name} = {literal})",
                        f"({name} = {literal} OR {name} IS NOT NULL)",
                        f"NOT ({name} = {literal} OR {self.expression('bool', columns, 1)})",
                        f"{name} NOT IN ({literal}, {literal})",
                        f"{name} IS NOT DISTINCT FROM {literal}",
                        f"({name} = {literal}) IS {self.random.choice(['FALSE', 'NOT TRUE', 'NOT UNKNOWN', 'UNKNOWN'])}",
                        f"{name} IN {self.subquery(columns[name], columns)}",
                        f"{self.random.choice(['', 'NOT '])}EXISTS {self.correlated(name, columns[name])}",
                    ]
                )
            )
        return " AND ".join(parts)

    def correlated(self, name: str, kind: str) -> str:
        """A subquery whose rows depend on a column outside of it."""
        item, own = self.table()
        alike = [other for other, of_kind in own.items() if of_kind == kind]
        condition = f"{self.random.choice(alike)} = {name}" if alike else f"{name} IS NOT NULL"
        return f"(SELECT {self.random.choice(['1', '1', 'count(*)'])} FROM {item} WHERE {condition})"

    def windowed(self, kind: str, columns: Columns) -> str:
        argument = self.expression(kind, columns, 0)
        starts = ["UNBOUNDED PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING"]
        ends = ["1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "UNBOUNDED FOLLOWING"]
        frame = f" {self.random.choice(['ROWS', 'GROUPS'])} BETWEEN {self.random.choice(starts)} AND {self.random.choice(ends)}"
        frame += self.random.choice(["", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"])
        frame = self.random.choice(["", frame, frame])
        whole = {"int": "max", "text": "min", "bool": "bool_or", "num": "sum"}[kind]
        calls = [f"lag({argument})", f"first_value({argument})", f"last_value({argument})", f"{whole}({argument})"]
        call = self.random.choice(calls)
        order = f"ORDER BY {self.random.choice(list(columns))}"
        return f"{call} OVER ({order}{'' if call.startswith('lag') else frame})"

    def grouped(self, item: str, columns: Columns, where: str, kinds: list[str]) -> str:
        keys = [self.random.choice(list(columns)) for _ in range(self.random.randint(1, 2))]
        keys = list(dict.fromkeys(keys))
        by = self.random.choice([", ".join(keys)] * 3 + [f"ROLLUP ({', '.join(keys)})", f"CUBE ({', '.join(keys)})"])
        if self.chance(0.1):
            by = f"GROUPING SETS (({keys[0]}), ())"
            keys = keys[:1]
        group = f" GROUP BY {by}" if self.chance(0.85) else ""
        values = []
        for number, kind in enumerate(kinds, start=1):
            own = [key for key in keys if columns[key] == kind] if group else []
            value = self.random.choice(own) if own and self.chance(0.7) else self.aggregate(kind, columns)
            if self.chance(0.2):
                value = f"coalesce({value}, {self.expression(kind, {}, 0)})"
            values.append(f"{value} AS c{number}")
        having = f" HAVING {self.having(values, kinds, keys if group else [])}" if self.chance(0.25) else ""
        return f"SELECT {', '.join(values)} FROM {item}{where}{group}{having}"

    def having(self, values: list[str], kinds: list[str], keys: list[str]) -> str:
        """A condition on groups, such as one of the values that are asked for."""
        compared = [*(value.rsplit(" AS ", 1)[0] for value in values), *keys]
        chosen = self.random.choice(compared)
        conditions = ["count(*) > 1", f"{chosen} IS NOT NULL", f"{chosen} IS NULL", f"NOT {chosen} IS NULL"]
        if chosen in compared[: len(kinds)]:
            literal = {"int": "0", "text": "'a'", "bool": "false", "num": "0"}[kinds[compared.index(chosen)]]
            conditions += [f"{chosen} >= {literal}", f"({chosen} >= {literal} OR count(*) > 1)"]
        return self.random.choice(conditions)

    # Statements

    def statement(self) -> str:
        """A whole statement; each of its output columns has a name of its own."""
        common: dict[str, dict[str, str]] = {}
        texts = []
        if self.chance(0.3):
            for _ in range(self.random.randint(1, 2)):
                # As likely as not the common table hides a table of its name.
                name = self.random.choice(["orders", "customer", "extra"])
                if name in common:
                    continue
                text, columns = self.query(dict(common), 1)
                texts.append(f"{name} AS ({text})")
                common[name] = columns
            if self.chance(0.3):
                value = self.expression("text", {"r.m": "text", "r.n": "int"}, 1)
                texts.append(
                    f"r(n, m) AS (SELECT 1, {self.expression('text', {}, 1)} UNION ALL "
                    f"SELECT n + 1, {value} FROM r WHERE n < 3)"
                )
                common["r"] = {"n": "int", "m": "text"}
        opening = f"WITH RECURSIVE {', '.join(texts)} " if texts else ""
        if self.chance(0.2):
            return opening + self.write()
        return opening + self.query(common)[0]

    def write(self) -> str:
        name = self.random.choice(WRITABLE)
        own = {f"{row}.{column}": kind for row in ("old", "new", "w") for column, kind in TABLES[name].items()}
        source, columns = self.table()
        condition = self.expression("bool", {**{k: v for k, v in own.items() if k[0] == "w"}, **columns}, 1)
        column = next(name for name, kind in list(TABLES[name].items())[1:] if kind in ("text", "int"))
        kind = TABLES[name][column]
        new = self.expression(kind, {**{k: v for k, v in own.items() if k[0] == "w"}, **columns}, 1)

        def returning(extra: Columns) -> str:
            kinds = [self.random.choice(TYPES) for _ in range(3)]
            values = [f"{self.expression(k, {**own, **extra}, 1)} AS c{n}" for n, k in enumerate(kinds, start=1)]
            text = f" RETURNING {', '.join(values)}"
            # PostgreSQL 18.6 crashes over `old.x IN (SELECT …)` where there is no old row.
            return returning(extra) if "SELECT" in text and ("old." in text or "new." in text) else text

        match self.random.randint(1, 6):
            case 1:
                return f"UPDATE {name} w SET {column} = {new} FROM {source} WHERE {condition}{returning(columns)}"
            case 2:
                return f"DELETE FROM {name} w USING {source} WHERE {condition}{returning(columns)}"
            case 3:
                first = next(iter(TABLES[name]))
                return (
                    f"INSERT INTO {name} AS w ({', '.join(TABLES[name])}) SELECT {', '.join(TABLES[name])} FROM {name} "
                    f"ON CONFLICT DO NOTHING{returning({})}"
                    if self.chance(0.5)
                    else f"INSERT INTO {name} AS w ({first}) VALUES (50){returning({})}"
                )
            case 4:
                given = self.random.sample(list(TABLES[name]), 2)
                values = [self.expression(TABLES[name][each], {}, 1) for each in given]
                updated = self.random.choice([column, *given])
                value = self.random.choice([f"excluded.{updated}", self.expression(TABLES[name][updated], {}, 1)])
                conflict = self.random.choice(
                    [
                        "",
                        " ON CONFLICT DO NOTHING",
                        f" ON CONFLICT ({next(iter(TABLES[name]))}) DO UPDATE SET {updated} = {value}",
                    ]
                )
                return f"INSERT INTO {name} AS w ({', '.join(given)}) VALUES ({', '.join(values)}){conflict}{returning({})}"
            case 5:
                narrow = self.condition({k: v for k, v in own.items() if k[0] == "w"})
                return f"UPDATE {name} w SET {column} = {new} FROM {source} WHERE {narrow} AND {condition}{returning(columns)}"
        actions = ["WHEN NOT MATCHED BY SOURCE THEN DELETE"] if self.chance(0.3) else []
        matched = ["DELETE", "DO NOTHING", f"UPDATE SET {column} = {new}", f"UPDATE SET {column} = {new}"]
        actions.append(f"WHEN MATCHED THEN {self.random.choice(matched)}")
        if self.chance(0.5):
            row = f"({next(iter(TABLES[name]))}, {column}) VALUES (60, {self.expression(kind, {}, 0)})"
            actions.append(f"WHEN NOT MATCHED BY TARGET THEN INSERT {row}")
        return f"MERGE INTO {name} w USING {source} ON {condition} {' '.join(actions)}{returning(columns)}"

    # Lists to be paged through

    def listing(self) -> tuple[str, list[str]]:
        """A query whose rows may well be told apart by some of its columns, and these columns' names."""
        item, columns = self._chain()
        kept = self.random.sample(list(columns), min(len(columns), self.random.randint(2, 5)))
        where = f" WHERE {self._narrowing(columns)}" if self.chance(0.5) else ""
        aliases = [f"c{number}" for number in range(1, len(kept) + 1)]
        values = ", ".join(f"{name} AS {alias}" for name, alias in zip(kept, aliases, strict=True))
        text = f"SELECT {values} FROM {item}{where}"
        match self.random.randint(1, 8):
            case 1:
                text = f"SELECT DISTINCT {values} FROM {item}{where}"
            case 2:
                text = f"{text} GROUP BY {', '.join(kept)}"
            case 3:
                text = f"{text} GROUP BY {self.random.choice(['ROLLUP', 'CUBE'])} ({', '.join(kept)})"
            case 4:
                text = f"SELECT DISTINCT ON ({kept[0]}) {values} FROM {item}{where} ORDER BY {', '.join(kept)}"
            case 5:
                operation = self.random.choice(["UNION", "EXCEPT", "INTERSECT", "UNION ALL", "EXCEPT ALL"])
                text = f"({text}) {operation} ({text})"
            case 6:
                text = f"WITH w AS (SELECT {values} FROM {item}{where}) SELECT * FROM w"
        by = self.random.sample(aliases, self.random.randint(1, len(aliases)))
        return text, by

    def _chain(self) -> tuple[str, Columns]:
        """Items of FROM joined by what they have in common, as people join them."""
        item, columns = self._source()
        for _ in range(self.random.choice([0, 1, 1, 2])):
            other, more = self._source()
            pairs = [
                f"{a} = {b}"
                for a, one in columns.items()
                for b, two in more.items()
                if one == two and one in ("int", "text")
            ]
            kind = self.random.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN"])
            named = [pair for pair in pairs if pair.split(" = ")[0].split(".")[1] == pair.split(".")[-1]]
            conditions = self.random.sample(named or pairs or ["true"], 1)
            if pairs and self.chance(0.3):
                conditions.append(self.random.choice(pairs))
            if kind != "FULL JOIN" and self.chance(0.2):
                conditions.append(self._narrowing(more))
            if kind in ("LEFT JOIN", "RIGHT JOIN") and self.chance(0.25):
                # It depends on the side that stays whether the other one is there at all.
                conditions = [self._narrowing(columns if kind == "LEFT JOIN" else more)]
            elif kind == "FULL JOIN" and self.chance(0.4) and any(pair in conditions for pair in pairs):
                conditions = [f"{conditions[0]} {'+ 100' if self._is_number(conditions[0], columns) else ''}"]
            item = f"({item} {kind} {other} ON {' AND '.join(conditions)})"
            columns = {**columns, **more}
        return item, columns

    def _source(self) -> tuple[str, Columns]:
        choice, alias = self.random.random(), self.alias()
        if choice < 0.1:
            return f"unnest(ARRAY[1, 1, 2]) WITH ORDINALITY {alias}(x, y)", {f"{alias}.x": "int", f"{alias}.y": "int"}
        if choice < 0.15:
            return f"(VALUES (1, 'x')) {alias}(x, y)", {f"{alias}.x": "int", f"{alias}.y": "text"}
        if choice < 0.2:
            return f"(SELECT count(*)::int AS x, 'x' AS y FROM late) {alias}", {
                f"{alias}.x": "int",
                f"{alias}.y": "text",
            }
        if choice < 0.3:
            name = self.random.choice(list(TABLES))
            kept = self.random.sample(list(TABLES[name]), min(2, len(TABLES[name])))
            form = self.random.choice(["SELECT DISTINCT", "SELECT"])
            group = f" GROUP BY {', '.join(kept)}" if self.chance(0.3) else ""
            columns = {f"{alias}.{column}": TABLES[name][column] for column in kept}
            return f"({form} {', '.join(kept)} FROM {name}{group}) {alias}", columns
        return self.table()

    @staticmethod
    def _is_number(condition: str, columns: Columns) -> bool:
        return columns.get(condition.split(" = ")[0]) == "int"

    def _narrowing(self, columns: Columns) -> str:
        name = self.random.choice(list(columns))
        literal = {"int": "1", "text": "'x'", "bool": "true", "num": "7"}[columns[name]]
        alike = [other for other, kind in columns.items() if kind == columns[name] and other != name]
        if alike and self.chance(0.4):
            other = self.random.choice(alike)
            return self.random.choice(
                [
                    f"{name} = coalesce({other}, {literal})",
                    f"{name} IS NOT DISTINCT FROM {other}",
                    f"coalesce({name}, {literal}) = coalesce({other}, {literal})",
                    f"{name} = CASE WHEN {other} IS NULL THEN {literal} ELSE {other} END",
                ]
            )
        return self.random.choice(
            [f"{name} = {literal}", f"{name} IS NOT NULL", f"{name} > {literal}", f"{name} = {literal}"]
        )

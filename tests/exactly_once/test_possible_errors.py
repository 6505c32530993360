"""Every failure that the number of rows causes, in each form of operation, is in the list for documents."""

from itertools import product
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from handler.contract.errors import NotFound, OperationError, TooManyRows
from queryport.generate.asl import task_state
from queryport.generate.openapi.failures import failures_of
from tests.exactly_once.conftest import Bank
from tests.support.compiling import compile_to_catalog
from tests.support.function import Function
from tests.support.projects import write

RESULTS = ("one", "maybe", "value", "many", "none")
READ = "SELECT n::text AS v FROM generate_series(1, :{}) n"
WRITE = "INSERT INTO named (name) SELECT gen_random_uuid() FROM generate_series(1, :{}) RETURNING name AS v"
NEEDING = "SELECT :first.v || n AS v FROM generate_series(1, :b) n"
NEEDING_CHANGE = "DELETE FROM named WHERE name = :first.v"
FORMS = {
    "single": [READ.format("a"), WRITE.format("a")],
    "isolated": [f"-- isolation: serializable\n{each}" for each in (READ.format("a"), WRITE.format("a"))],
    "steps": [f"{READ.format('a')};\n{WRITE.format('b')};\n{READ.format('b')}"],
    "needed": [f"-- @first\n{first.format('a')};\n{NEEDING_CHANGE};\n{NEEDING}" for first in (READ, WRITE)],
    "needed_result": [f"-- @first\n-- @result\n{READ.format('a')};\n{NEEDING_CHANGE}"],
}
BATCH = "-- batch: true\nINSERT INTO named (name) SELECT gen_random_uuid() FROM generate_series(1, :a)"


@pytest.mark.slow
def test_what_the_number_of_rows_causes_is_listed_and_nothing_else(bank: Bank, tmp_path: Path) -> None:
    texts = {
        f"{form}_{number}_{result}.sql": f"-- silence: [QP113, QP111]\n-- result: {result}\n{text}"
        for form, forms in FORMS.items()
        for number, text in enumerate(forms)
        for result in RESULTS
        if not (form == "needed_result" and result == "value")  # whose column has no name
    }
    path, compilation = compile_to_catalog(write(tmp_path, texts | {"batch.sql": BATCH}), bank.url)
    function = Function.over(bank.emulator.url, str(conninfo_to_dict(bank.url)["dbname"]), path)
    for operation in compilation.operations:
        names = [parameter.name for parameter in operation.parameters]
        raised = set()
        for counts in product((0, 1, 2), repeat=len(names)):
            values = dict(zip(names, counts, strict=True))
            parameters = [values] if operation.name == "batch" else values
            try:
                function.invoke({"operation": operation.name, "parameters": parameters})
            except OperationError as error:
                raised.add(type(error))
        listed = {error for error in failures_of(operation, has_body=True) if error in (NotFound, TooManyRows)}
        assert raised == listed, operation.name
        caught = {name for clause in task_state(operation)["Catch"] for name in clause["ErrorEquals"]}
        assert {error.__name__ for error in raised} <= caught, operation.name

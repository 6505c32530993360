"""An operation but for the SQL that it sends: all else that its file declares, checked against its statements."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from handler.contract.execution import Execution
from handler.contract.operation import (
    Access,
    Http,
    Idempotency,
    Operation,
    PossibleError,
    Response,
    Result,
    RowSecurity,
)
from handler.contract.violations import Violation
from queryport.compile.check.access import (
    check_access,
    check_row_security,
    check_sources,
    check_tenants,
    private_because,
)
from queryport.compile.check.documents import document_schemas
from queryport.compile.check.errors import check_errors
from queryport.compile.check.http.media_types import raw_body
from queryport.compile.check.http.responses import check_response
from queryport.compile.check.http.routes import check_route
from queryport.compile.check.lists.lists import ListPlan
from queryport.compile.check.parameters import BuiltParameters, absentable, build_parameters
from queryport.compile.check.parts.entity_tags import EntityTagPlan, plan_entity_tag
from queryport.compile.check.parts.patches import Patches, find_patches
from queryport.compile.check.possible_errors import possible_errors
from queryport.compile.check.protection import check_protection
from queryport.compile.check.results import documentation
from queryport.compile.check.suspicions import check_suspicions
from queryport.compile.describe.typed_statement import TypedStatement


class Declaration(NamedTuple):
    """The promises of an operation to its callers, checked, with what its statements are written by."""

    answer: TypedStatement
    """The statement whose rows are answered."""
    statements: Sequence[TypedStatement]
    result: Result
    types: Mapping[str, int]
    """The oids of the parameters' types."""
    patches: Sequence[Patches]
    """Of each statement."""
    parameters: BuiltParameters
    violations: tuple[Violation, ...]
    of_constraints: tuple[PossibleError, ...]
    """The errors of constraints that the operation may break."""
    access: Access
    row_security: RowSecurity | None
    http: Http | None
    response: Response
    tag: EntityTagPlan

    @property
    def absentable(self) -> frozenset[str]:
        """The parameters that a call may leave NULL, and its statements adapt to; a batch has one text for all."""
        is_batch = self.answer.file.front_matter.batch
        return frozenset() if is_batch else absentable(self.parameters.parameters)

    @property
    def changes(self) -> bool:
        return any(statement.changes for statement in self.statements)

    def operation(self, name: str, execution: Execution, idempotency: Idempotency) -> Operation:
        """Return the operation that runs in this form."""
        front_matter, schema = self.answer.file.front_matter, self.parameters.schema
        return Operation(
            name=name,
            result=self.result,
            read_only=not self.changes,
            own_code=any(statement.own_code for statement in self.statements),
            execution=execution,
            parameters=self.parameters.parameters,
            parameters_schema={"type": "array", "items": schema} if front_matter.batch else schema,
            http=self.http,
            response=self.response,
            access=self.access,
            caller_schema=self.parameters.caller_schema,
            row_security=self.row_security,
            idempotency=idempotency,
            precondition=self.tag.precondition,
            keep=front_matter.keep_seconds,
            keeps_answer=front_matter.answer == "kept",
            violations=self.violations,
            retry=front_matter.retry,
            documentation=documentation(
                self.answer,
                self.types,
                self.result,
                possible_errors(self.result, execution, self.of_constraints, self.statements),
            ),
        )


def declare(
    answer: TypedStatement,
    statements: Sequence[TypedStatement],
    result: Result,
    types: Mapping[str, int],
    plan: ListPlan | None = None,
) -> Declaration:
    """Check what the file declares; problems are reported. `plan` is that of a list's rows."""
    file = answer.file
    patches = [find_patches(statement) for statement in statements]
    parameters = build_parameters(file, types, patches, document_schemas(statements))
    violations, of_constraints = check_errors(file, statements, parameters.schema["properties"])
    access, row_security = check_access(file), check_row_security(file)
    check_sources(file, types)
    for statement in statements:
        check_tenants(statement)
    check_protection(statements)
    if plan is not None:
        parameters = parameters._replace(schema=plan.extend(parameters.schema))
    changes = any(statement.changes for statement in statements)
    writes = any(statement.parsed.locks_or_writes for statement in statements)
    volatile = frozenset[str]().union(*(statement.volatile for statement in statements))
    declarable = frozenset[str]().union(*(statement.declarable for statement in statements))
    http = check_route(file, parameters.schema, writes=writes, volatile=volatile, declarable=declarable)
    raw = raw_body(file, http, types)
    private = private_because(access, row_security, parameters.parameters)
    response = check_response(file, result, answer.columns, changes=changes, private_because=private)
    tag = plan_entity_tag(answer, result)
    declaration = Declaration(
        answer,
        statements,
        result,
        types,
        patches,
        parameters,
        violations,
        of_constraints,
        access,
        row_security,
        http and http._replace(raw=raw),
        response._replace(etag=tag.answered),
        tag,
    )
    for statement in statements:
        check_suspicions(statement, declaration.absentable)
    return declaration

// The AWS SDK for JavaScript against the emulator. ENDPOINT, DATABASE, RESOURCE_ARN and SECRET_ARN say where it is.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  DatabaseErrorException,
  ExecuteStatementCommand,
  RDSDataClient,
  RollbackTransactionCommand,
  TransactionNotFoundException,
  UnsupportedResultException,
} from "@aws-sdk/client-rds-data";

const { ENDPOINT, DATABASE, RESOURCE_ARN, SECRET_ARN } = process.env;
const arns = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN };
const client = new RDSDataClient({
  endpoint: ENDPOINT,
  region: "us-east-1",
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  maxAttempts: 3,
});

const execute = (sql, members = {}) =>
  client.send(new ExecuteStatementCommand({ ...arns, database: DATABASE, sql, ...members }));
const begin = async () =>
  (await client.send(new BeginTransactionCommand({ ...arns, database: DATABASE }))).transactionId;
const commit = (transactionId) => client.send(new CommitTransactionCommand({ ...arns, transactionId }));
const rollback = (transactionId) => client.send(new RollbackTransactionCommand({ ...arns, transactionId }));
const queryport = (path, options) => fetch(`${ENDPOINT}/_queryport/${path}`, options);
const arm = async (fault) => {
  const response = await queryport("faults", { method: "POST", body: JSON.stringify(fault) });
  assert.equal(response.status, 201);
};

describe("the AWS SDK for JavaScript", () => {
  before(async () => {
    await execute("CREATE TABLE people (id serial PRIMARY KEY, name text UNIQUE, born date, picture bytea, doc jsonb)");
  });
  after(async () => {
    await queryport("faults", { method: "DELETE" });
    client.destroy();
  });

  it("inserts and selects every kind of value", async () => {
    const inserted = await execute(
      "INSERT INTO people (name, born, picture, doc) VALUES (:name, :born, :picture, :doc) RETURNING id",
      {
        parameters: [
          { name: "name", value: { stringValue: "Grace 🚢" } },
          { name: "born", value: { stringValue: "1906-12-09" }, typeHint: "DATE" },
          { name: "picture", value: { blobValue: new Uint8Array([0, 255, 16]) } },
          { name: "doc", value: { stringValue: '{"rank": "rear admiral"}' }, typeHint: "JSON" },
        ],
      },
    );
    assert.deepEqual(inserted.records, [[{ longValue: 1 }]]);
    const selected = await execute("SELECT name, born, picture, doc, NULL::int, true, 1.5::float8 FROM people", {
      includeResultMetadata: true,
    });
    assert.deepEqual(selected.records, [
      [
        { stringValue: "Grace 🚢" },
        { stringValue: "1906-12-09" },
        { blobValue: new Uint8Array([0, 255, 16]) },
        { stringValue: '{"rank":"rear admiral"}' },
        { isNull: true },
        { booleanValue: true },
        { doubleValue: 1.5 },
      ],
    ]);
    assert.deepEqual(
      selected.columnMetadata.map((column) => [column.label, column.typeName, column.tableName]).slice(0, 4),
      [
        ["name", "text", "people"],
        ["born", "date", "people"],
        ["picture", "bytea", "people"],
        ["doc", "jsonb", "people"],
      ],
    );
  });

  it("sends special numbers, and gets arrays and JSON", async () => {
    const { records } = await execute("SELECT ARRAY[1, 2], ARRAY['a', 'b'], :none::text, :low::text", {
      parameters: [
        { name: "none", value: { doubleValue: Number.NaN } },
        { name: "low", value: { doubleValue: Number.NEGATIVE_INFINITY } },
      ],
    });
    assert.deepEqual(records, [
      [
        { arrayValue: { longValues: [1, 2] } },
        { arrayValue: { stringValues: ["a", "b"] } },
        { stringValue: "NaN" },
        { stringValue: "-Infinity" },
      ],
    ]);
    const formatted = await execute("SELECT 1 AS a, 'x' AS b", { formatRecordsAs: "JSON" });
    assert.deepEqual(JSON.parse(formatted.formattedRecords), [{ a: 1, b: "x" }]);
    assert.equal(formatted.records, undefined);
  });

  it("asks for long numbers as strings", async () => {
    const { records } = await execute("SELECT 9223372036854775807", { resultSetOptions: { longReturnType: "STRING" } });
    assert.deepEqual(records, [[{ stringValue: "9223372036854775807" }]]);
  });

  it("runs a batch", async () => {
    const { updateResults } = await client.send(
      new BatchExecuteStatementCommand({
        ...arns,
        database: DATABASE,
        sql: "INSERT INTO people (name) VALUES (:name)",
        parameterSets: ["Ada", "Edsger"].map((name) => [{ name: "name", value: { stringValue: name } }]),
      }),
    );
    assert.deepEqual(updateResults, [{ generatedFields: [] }, { generatedFields: [] }]);
  });

  it("commits and rolls back", async () => {
    for (const [name, end, status, count] of [
      ["Barbara", commit, "Transaction Committed", 1],
      ["Alan", rollback, "Rollback Complete", 0],
    ]) {
      const transactionId = await begin();
      await execute(`INSERT INTO people (name) VALUES ('${name}')`, { transactionId });
      assert.equal((await end(transactionId)).transactionStatus, status);
      const { records } = await execute(`SELECT count(*) FROM people WHERE name = '${name}'`);
      assert.deepEqual(records, [[{ longValue: count }]]);
      await assert.rejects(execute("SELECT 1", { transactionId }), TransactionNotFoundException);
    }
  });

  it("refuses two calls at once in one transaction", async () => {
    const transactionId = await begin();
    const calls = [1, 2, 3].map(() => execute("SELECT pg_sleep(0.2)", { transactionId }));
    const outcomes = await Promise.allSettled(calls);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected").map((outcome) => outcome.reason);
    assert.equal(refused.length, 2);
    for (const reason of refused) {
      assert.ok(reason instanceof DatabaseErrorException);
      assert.equal(reason.message, "Transaction is still running a query");
    }
    await rollback(transactionId);
  });

  it("tells errors by their classes and names", async () => {
    await assert.rejects(execute("SELEKT"), (error) => {
      assert.ok(error instanceof DatabaseErrorException);
      assert.equal(error.message, 'ERROR: syntax error at or near "SELEKT"; Position: 1; SQLState: 42601');
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
    await assert.rejects(execute("SELECT interval '1 day'"), UnsupportedResultException);
    await assert.rejects(execute("SELECT 1; SELECT 2"), { name: "ValidationException" });
    await assert.rejects(execute("SELECT 'infinity'::date"), { name: "InternalFailure", message: "UnknownError" });
  });

  it("retries what is throttled or unavailable, and not what is resuming", async () => {
    await arm({ kind: "throttle", calls: 2 });
    const throttled = await execute("SELECT 1");
    assert.equal(throttled.$metadata.attempts, 3);
    await arm({ kind: "error", error: "ServiceUnavailableError" });
    assert.equal((await execute("SELECT 1")).$metadata.attempts, 2);
    await arm({ kind: "error", error: "DatabaseResumingException" });
    await assert.rejects(execute("SELECT 1"), (error) => {
      assert.equal(error.name, "DatabaseResumingException");
      assert.equal(error.$metadata.attempts, 1);
      return true;
    });
  });

  it("tries again when the connection is dropped, whether or not the work was done", async () => {
    await arm({ kind: "drop", when: "after" });
    await execute("INSERT INTO people (name) VALUES (NULL)");
    const { records } = await execute("SELECT count(*) FROM people WHERE name IS NULL");
    assert.deepEqual(records, [[{ longValue: 2 }]]);
  });
});

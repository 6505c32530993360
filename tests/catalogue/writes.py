"""Statements that write, page, filter or answer otherwise than with many rows: each called by a test of its own."""

from textwrap import dedent

_TEXTS: dict[str, str] = {
    "hire": """
        -- result: one
        -- http: POST /departments/{dept_id}/employees
        -- params:
        --   email: {nullable: true, format: email}
        --   skills: {default: [], maxItems: 3, items: {minLength: 2}}
        --   notes: {optional: true}
        INSERT INTO employee (dept_id, name, salary, hired, email, skills, notes)
        VALUES (:dept_id, :name, :salary, :hired, :email, :skills, :notes)
        RETURNING dept_id, name, salary, hired, email, skills, notes
    """,
    "raise_salaries": "UPDATE employee SET salary = salary + :by WHERE dept_id = :dept_id",
    "fire": "DELETE FROM employee WHERE name = :name RETURNING name, salary",
    "fire_quietly": "-- result: none\nDELETE FROM employee WHERE name = :name",
    "one_department": "-- result: one\n-- http: GET /departments/{dept_id}\nSELECT name FROM department WHERE dept_id = :dept_id",
    "a_department_below": "-- result: one\nSELECT name FROM department WHERE parent_id = :parent_id",
    "maybe_department": "-- result: maybe\nSELECT name FROM department WHERE dept_id = :dept_id",
    "head_count": "-- result: value\nSELECT count(*) FROM employee WHERE dept_id = :dept_id",
    "a_note": "-- result: value\nSELECT notes FROM employee WHERE employee_id = :id",
    "some_json": "-- result: value\nSELECT jsonb_build_object('a', array[1, 2], 'b', :b::text)",
    "transfer": """
        -- result: one
        WITH taken AS (
          UPDATE account SET balance = balance - :amount WHERE account_id = :source AND balance >= :amount RETURNING account_id
        ), given AS (
          UPDATE account SET balance = balance + :amount
          WHERE account_id = :target AND EXISTS (SELECT FROM taken) RETURNING account_id
        )
        SELECT (SELECT count(*) FROM taken) AS taken, (SELECT count(*) FROM given) AS given
    """,
    "transfer_in_steps": """
        -- result: one
        -- isolation: repeatable read
        -- @taken
        UPDATE account SET balance = balance - :amount WHERE account_id = :source RETURNING account_id, balance;
        -- @given
        UPDATE account SET balance = balance + :amount WHERE account_id = :target RETURNING balance, ARRAY[balance, NULL] AS both;
        -- @result
        SELECT :taken.balance AS taken, :given.balance AS given, :given.both AS both;
    """,
    "audit_many": "-- batch: true\n-- idempotency: required\nINSERT INTO audit (what) VALUES (:what)",
    "overdraw": "UPDATE account SET balance = balance - :amount WHERE account_id = :id",
    "upsert": """
        INSERT INTO department (dept_id, name, parent_id) VALUES (:id, :name, :parent)
        ON CONFLICT (dept_id) DO UPDATE SET name = excluded.name, parent_id = :parent
        RETURNING dept_id, name, (xmax = 0) AS inserted
    """,
    "merge": """
        MERGE INTO department d USING (SELECT * FROM jsonb_to_recordset(:rows) AS r(id int, name text)) s ON d.dept_id = s.id
        WHEN MATCHED THEN UPDATE SET name = s.name
        WHEN NOT MATCHED THEN INSERT (dept_id, name) VALUES (s.id, s.name)
        RETURNING merge_action() AS action, d.dept_id
    """,
    "before_and_after": "UPDATE account SET balance = :b WHERE account_id = :id RETURNING old.balance AS before, new.balance AS after",
    "call_procedure": "CALL clear_audit(:keep)",
    "audited": "-- result: value\nSELECT add_audit(:what)",
    "notify": "-- result: none\nSELECT pg_notify('news', :what)",
    "refresh": "REFRESH MATERIALIZED VIEW payroll_cache",
    "remember_shape": "-- result: value\nINSERT INTO lab.everything (id, c_shape, c_points, c_hstore, c_json) VALUES (:id, :shape, :points, :tags, :doc) RETURNING c_shape",
    "employees": """
        -- http: GET /employees
        -- params:
        --   dept_id: {optional: true}
        --   skill: {optional: true}
        --   ids: {optional: true}
        --   hired_after: {default: 2000-01-01}
        -- page: {by: [salary desc, employee_id], size: 7, max: 20}
        SELECT employee_id, name, salary, dept_id
        FROM employee
        WHERE (:dept_id IS NULL OR dept_id = :dept_id)
          AND (:skill IS NULL OR :skill = ANY(skills))
          AND (:ids IS NULL OR employee_id = ANY(:ids))
          AND hired > :hired_after
    """,
    "by_note": "-- page: {by: [notes, employee_id desc], size: 9}\nSELECT employee_id, notes FROM employee",
    "by_note_down": "-- page: {by: [notes desc, employee_id desc], size: 9}\nSELECT employee_id, notes FROM employee",
    "divide": "-- result: value\nSELECT 1 / :by::int",
}

WRITES = {name: dedent(text).strip() for name, text in _TEXTS.items()}

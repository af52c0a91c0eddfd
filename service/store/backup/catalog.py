"""What PostgreSQL's catalog says of our tables, and how a session reads and writes their rows."""

from typing import Any, NamedTuple

# Nothing may cut a long statement short, or write a value in a way of its own. None of these takes
# a snapshot: that is for the statement after them.
SESSION = """
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL lock_timeout = '10s';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SET LOCAL row_security = off;
"""
# PostgreSQL 17 brought it.
NO_LIMIT = """
SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'
"""
# A partition's rows belong to its parent; what an extension brought is not ours.
TABLES = """
SELECT c.relname,
       array(SELECT a.attname::text FROM pg_attribute AS a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attgenerated = ''
              ORDER BY a.attnum)
  FROM pg_class AS c
 WHERE c.relnamespace = current_schema()::regnamespace
   AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relname <> 'schema_migration'
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
 ORDER BY c.relname
"""
# Migrations put a row into these: with it they are empty.
FILLED = frozenset({"event_head", "installation"})
SEQUENCES = """
SELECT c.relname FROM pg_class AS c
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
 ORDER BY c.relname
"""
# The statements that take away all that migrations made, in an order in which that works.
DROPS = """
SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name)
  FROM (SELECT 1 AS turn, oid, 'pg_class'::regclass AS class, relnamespace AS home,
               CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                            WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
               oid::regclass::text AS name
          FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S')
         UNION ALL
        SELECT 2, oid, 'pg_proc'::regclass, pronamespace, 'ROUTINE', oid::regprocedure::text
          FROM pg_proc
         UNION ALL
        SELECT 3, t.oid, 'pg_type'::regclass, t.typnamespace, 'TYPE', t.oid::regtype::text
          FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
         WHERE t.typtype IN ('c', 'e', 'd', 'r') AND (c.oid IS NULL OR c.relkind = 'c')) AS ours
 WHERE home = current_schema()::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = class AND d.objid = ours.oid AND d.deptype = 'e')
 ORDER BY turn, name
"""
# What is taken off the tables while rows come in, and put back, each in one statement: a foreign
# key is checked once for all rows, triggers of ours have had their effect.
HINDRANCES = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
  FROM pg_constraint
 WHERE connamespace = current_schema()::regnamespace AND contype = 'f' AND conparentid = 0
 UNION ALL
SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', tgrelid::regclass),
       format('ALTER TABLE %s ENABLE TRIGGER USER', tgrelid::regclass)
  FROM pg_trigger JOIN pg_class AS c ON c.oid = tgrelid
 WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace
"""


class Table(NamedTuple):
    """A table and those of its columns that are stored, not computed."""

    name: str
    columns: list[str]


def tables(cursor: Any) -> list[Table]:
    """Our tables, apart from the list of migrations."""
    cursor.execute(TABLES)
    return [Table(*row) for row in cursor.fetchall()]

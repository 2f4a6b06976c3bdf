//! What can be granted to a user, and what that lets it do.

/// What is there to be granted: for the superuser.
pub(super) const SETUP: &str = "
    CREATE DATABASE cases;
    \\connect cases
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE SCHEMA s;
    CREATE TABLE s.t (id int PRIMARY KEY, a text);
    CREATE TABLE s.owned (id int);
    CREATE TABLE s.parts (id int) PARTITION BY RANGE (id);
    CREATE VIEW s.v AS SELECT id, a FROM s.t;
    CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS id;
    CREATE SEQUENCE s.q;
    CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION s.of_its_owner() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
    CREATE FOREIGN DATA WRAPPER nowhere;
    CREATE SERVER remote FOREIGN DATA WRAPPER nowhere;
    CREATE FOREIGN TABLE s.ft (id int) SERVER remote;
    CREATE SCHEMA theirs;
    CREATE ROLE w;
    GRANT INSERT ON s.t TO w;
    CREATE ROLE above IN ROLE w;
    CREATE ROLE plain;
    SELECT lo_create(4711);
";

/// What of that is a reader's, and where somebody has said what else there may be: in a database of its own, since
/// everybody has it.
pub(super) const ALONE: [&str; 3] = ["PUBLIC", "a language", "dblink"];

/// A name, a script that gives it, a part of the warning, and the escapes; none of those means that it is a right to write.
/// `{user}` and `{database}` stand for those of the case.
pub(super) const MORE_THAN_READING: &[(&str, &str, &str, &[&str])] = &[
    (
        "INSERT in a schema that nobody names",
        "GRANT USAGE ON SCHEMA s TO {user}; GRANT INSERT ON s.t TO {user}",
        "INSERT on table s.t",
        &[],
    ),
    ("UPDATE", "GRANT UPDATE ON s.t TO {user}", "UPDATE on table s.t", &[]),
    ("DELETE, TRUNCATE", "GRANT DELETE, TRUNCATE ON s.t TO {user}", "DELETE, TRUNCATE on table s.t", &[]),
    ("TRIGGER", "GRANT TRIGGER ON s.t TO {user}", "TRIGGER on table s.t", &[]),
    ("a column", "GRANT UPDATE (a) ON s.t TO {user}", "UPDATE on table column s.t.a", &[]),
    ("a view", "GRANT DELETE ON s.v TO {user}", "DELETE on view s.v", &[]),
    ("a foreign table", "GRANT INSERT ON s.ft TO {user}", "INSERT on foreign table s.ft", &[]),
    ("a partitioned table", "GRANT INSERT ON s.parts TO {user}", "INSERT on table s.parts", &[]),
    ("nextval", "GRANT USAGE ON s.q TO {user}", "USAGE on sequence s.q", &[]),
    ("setval", "GRANT UPDATE ON s.q TO {user}", "UPDATE on sequence s.q", &[]),
    ("a table of its own", "ALTER TABLE s.owned OWNER TO {user}", "ownership of table s.owned", &[]),
    (
        "a materialized view of its own",
        "ALTER MATERIALIZED VIEW s.m OWNER TO {user}",
        "ownership of materialized view s.m",
        &[],
    ),
    ("a function of its own", "ALTER FUNCTION s.f() OWNER TO {user}", "ownership of function s.f()", &[]),
    ("a schema of its own", "ALTER SCHEMA theirs OWNER TO {user}", "ownership of schema theirs", &[]),
    ("a large object of its own", "ALTER LARGE OBJECT 4711 OWNER TO {user}", "ownership of large object 4711", &[]),
    ("the database", "ALTER DATABASE {database} OWNER TO {user}", "ownership of database {database}", &[]),
    ("CREATE on a schema", "GRANT CREATE ON SCHEMA s TO {user}", "CREATE on schema s", &[]),
    ("CREATE on the database", "GRANT CREATE ON DATABASE {database} TO {user}", "CREATE on database {database}", &[]),
    ("a large object", "GRANT UPDATE ON LARGE OBJECT 4711 TO {user}", "UPDATE on large object 4711", &[]),
    (
        "the standard's own tables",
        "GRANT INSERT ON information_schema.sql_features TO {user}",
        "INSERT on table information_schema.sql_features",
        &[],
    ),
    (
        "SELECT to pass on",
        "GRANT SELECT ON s.t TO {user} WITH GRANT OPTION",
        "SELECT with GRANT OPTION on table s.t",
        &[],
    ),
    ("PUBLIC", "GRANT INSERT ON s.t TO PUBLIC", "INSERT on table s.t (of PUBLIC)", &[]),
    ("a role", "GRANT w TO {user}", "INSERT on table s.t (of w)", &[]),
    ("a role above a role", "GRANT above TO {user}", "INSERT on table s.t (of w)", &[]),
    (
        "a role that it does not inherit from",
        "ALTER ROLE {user} NOINHERIT; GRANT w TO {user}",
        "INSERT on table s.t (of w)",
        &[],
    ),
    (
        "a role to hide behind",
        "GRANT plain TO {user}; ALTER ROLE {user} SET role = plain; GRANT INSERT ON s.t TO {user}",
        "INSERT on table s.t",
        &[],
    ),
    (
        "a promise of its own",
        "GRANT INSERT ON s.t TO {user}; ALTER ROLE {user} SET default_transaction_read_only = on",
        "INSERT on table s.t",
        &[],
    ),
    ("everything", "GRANT pg_write_all_data TO {user}", "membership in pg_write_all_data", &[]),
    ("roles", "ALTER ROLE {user} CREATEROLE", "CREATEROLE", &[]),
    ("databases", "ALTER ROLE {user} CREATEDB", "CREATEDB", &[]),
    ("a role to give", "GRANT plain TO {user} WITH ADMIN OPTION", "ADMIN OPTION on the role plain", &[]),
    ("a superuser to become", "GRANT postgres TO {user}", "as a superuser", &["superuser"]),
    ("REPLICATION", "ALTER ROLE {user} REPLICATION", "replication: REPLICATION", &["replication"]),
    ("files to read", "GRANT pg_read_server_files TO {user}", "membership in pg_read_server_files", &["server_files"]),
    (
        "files to write",
        "GRANT pg_write_server_files TO {user}",
        "membership in pg_write_server_files",
        &["server_files"],
    ),
    (
        "programs",
        "GRANT pg_execute_server_program TO {user}",
        "membership in pg_execute_server_program",
        &["server_programs"],
    ),
    (
        "a function that reads files",
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {user}",
        "EXECUTE on pg_read_file(text)",
        &["server_files"],
    ),
    (
        "a function that writes files",
        "GRANT EXECUTE ON FUNCTION lo_export(oid, text) TO {user}",
        "EXECUTE on lo_export(oid,text)",
        &["server_files"],
    ),
    (
        "a foreign server",
        "GRANT USAGE ON FOREIGN SERVER remote TO {user}",
        "USAGE on the foreign server remote",
        &["foreign_servers"],
    ),
    (
        "a foreign-data wrapper",
        "GRANT USAGE ON FOREIGN DATA WRAPPER nowhere TO {user}",
        "USAGE on the foreign-data wrapper nowhere",
        &["foreign_servers"],
    ),
    (
        "a language",
        "UPDATE pg_language SET lanpltrusted = true WHERE lanname = 'c'",
        "USAGE on the language c",
        &["untrusted_languages"],
    ),
    ("dblink", "CREATE EXTENSION dblink SCHEMA s", "EXECUTE on s.dblink", &["dblink"]),
    ("both", "GRANT INSERT ON s.t TO {user}; ALTER ROLE {user} REPLICATION", "INSERT on table s.t", &["replication"]),
];

/// What changes nothing for anybody else.
pub(super) const NO_MORE_THAN_READING: &[(&str, &str)] = &[
    ("nothing", ""),
    (
        "SELECT",
        "GRANT USAGE ON SCHEMA s TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA s TO {user}; GRANT SELECT ON s.q TO {user}",
    ),
    ("SELECT of a column", "GRANT SELECT (a) ON s.t TO {user}"),
    ("REFERENCES", "GRANT REFERENCES ON s.t TO {user}"),
    ("TEMPORARY", "GRANT TEMPORARY ON DATABASE {database} TO {user}"),
    ("BYPASSRLS", "ALTER ROLE {user} BYPASSRLS"),
    ("to read everything", "GRANT pg_read_all_data, pg_monitor TO {user}"),
    ("a role that reads", "GRANT plain TO {user}"),
    ("rights on what is not there yet", "ALTER DEFAULT PRIVILEGES FOR ROLE {user} GRANT SELECT ON TABLES TO plain"),
    ("PostgreSQL's own tables, which it protects", "GRANT INSERT ON pg_catalog.pg_description TO {user}"),
    ("a large object to read", "GRANT SELECT ON LARGE OBJECT 4711 TO {user}"),
    (
        "a schema that hides the catalog",
        "CREATE SCHEMA evil_{user};
         GRANT USAGE ON SCHEMA evil_{user} TO {user};
         CREATE VIEW evil_{user}.pg_namespace AS SELECT * FROM pg_catalog.pg_namespace WHERE false;
         ALTER ROLE {user} SET search_path = evil_{user}, pg_catalog",
    ),
];

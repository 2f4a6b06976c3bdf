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
    CREATE EXTENSION adminpack;
    CREATE TABLE s.monitored (id int);
    CREATE SCHEMA monitored;
    CREATE DOMAIN s.d AS int;
    CREATE FUNCTION s.g() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE s.narrowed (id int, gone int);
    CREATE FUNCTION s.file(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';
    REVOKE EXECUTE ON FUNCTION s.file(text) FROM PUBLIC;
    SELECT lo_create(4711);
";

/// What of that is a reader's, and where somebody has said what else there may be: in a database of its own, since
/// everybody has it.
pub(super) const ALONE: [&str; 8] = [
    "PUBLIC",
    "a language",
    "dblink",
    "a table, by a role of PostgreSQL's",
    "a schema, by a role of PostgreSQL's",
    "a function, by a role of PostgreSQL's",
    "a domain, by a role of PostgreSQL's",
    "the database, by a role of PostgreSQL's",
];

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
        "a function of adminpack that writes files",
        "GRANT EXECUTE ON FUNCTION pg_file_write(text, text, boolean) TO {user}",
        "EXECUTE on pg_file_write(text,text,boolean)",
        &["server_files"],
    ),
    (
        "a function that looks at files",
        "GRANT EXECUTE ON FUNCTION pg_stat_file(text) TO {user}",
        "EXECUTE on pg_stat_file(text)",
        &["server_files"],
    ),
    (
        "a function that lists files",
        "GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO {user}",
        "EXECUTE on pg_ls_dir(text)",
        &["server_files"],
    ),
    (
        "another name of a function that reads files",
        "GRANT EXECUTE ON FUNCTION s.file(text) TO {user}",
        "EXECUTE on s.file(text)",
        &["server_files"],
    ),
    (
        "a function that has settings read anew",
        "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {user}",
        "EXECUTE on pg_reload_conf()",
        &["administration"],
    ),
    (
        "functions of replication",
        "GRANT EXECUTE ON FUNCTION pg_replication_origin_create(text) TO {user}",
        "EXECUTE on pg_replication_origin_create(text)",
        &["administration"],
    ),
    (
        "the sessions of others",
        "GRANT pg_signal_backend TO {user}",
        "membership in pg_signal_backend",
        &["administration"],
    ),
    ("checkpoints", "GRANT pg_checkpoint TO {user}", "membership in pg_checkpoint", &["administration"]),
    (
        "passwords",
        "GRANT SELECT (rolname, rolpassword) ON pg_authid TO {user}",
        "SELECT on pg_authid",
        &["stored_passwords"],
    ),
    ("passwords by a view", "GRANT SELECT ON pg_shadow TO {user}", "SELECT on pg_shadow", &["stored_passwords"]),
    (
        "passwords with everything else",
        "GRANT pg_read_all_data TO {user}",
        "membership in pg_read_all_data",
        &["stored_passwords"],
    ),
    (
        "a setting",
        "GRANT ALTER SYSTEM ON PARAMETER archive_command TO {user}",
        "ALTER SYSTEM on parameter archive_command",
        &["server_settings"],
    ),
    (
        "a setting, by a role of PostgreSQL's",
        "GRANT pg_read_all_settings TO {user}; GRANT SET ON PARAMETER log_statement TO pg_read_all_settings",
        "SET on parameter log_statement (of pg_read_all_settings)",
        &["server_settings"],
    ),
    (
        "a table, by a role of PostgreSQL's",
        "GRANT pg_stat_scan_tables TO {user}; ALTER TABLE s.monitored OWNER TO pg_stat_scan_tables",
        "ownership of table s.monitored (of pg_stat_scan_tables)",
        &[],
    ),
    (
        "a schema, by a role of PostgreSQL's",
        "GRANT pg_stat_scan_tables TO {user}; ALTER SCHEMA monitored OWNER TO pg_stat_scan_tables",
        "ownership of schema monitored (of pg_stat_scan_tables)",
        &[],
    ),
    (
        "a function, by a role of PostgreSQL's",
        "GRANT pg_stat_scan_tables TO {user}; ALTER FUNCTION s.g() OWNER TO pg_stat_scan_tables",
        "ownership of function s.g() (of pg_stat_scan_tables)",
        &[],
    ),
    (
        "a domain, by a role of PostgreSQL's",
        "GRANT pg_stat_scan_tables TO {user}; ALTER DOMAIN s.d OWNER TO pg_stat_scan_tables",
        "ownership of type s.d (of pg_stat_scan_tables)",
        &[],
    ),
    (
        "the database, by a role of PostgreSQL's",
        "GRANT pg_stat_scan_tables TO {user}; ALTER DATABASE {database} OWNER TO pg_stat_scan_tables",
        "ownership of database {database} (of pg_stat_scan_tables)",
        &[],
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
    ("to watch the server", "GRANT pg_monitor TO {user}"),
    ("a column that is gone", "GRANT UPDATE (gone) ON s.narrowed TO {user}; ALTER TABLE s.narrowed DROP COLUMN gone"),
    ("a user of a foreign server", "CREATE USER MAPPING FOR {user} SERVER remote"),
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

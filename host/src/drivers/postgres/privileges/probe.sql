-- What the user of this session may do, in few rows: (means, what, holder). $1 is the schema that the connection is about.
-- Runs on PostgreSQL 10 and later, under search_path = pg_catalog, pg_temp. Access lists are read as they are instead of by
-- has_…_privilege: once for all roles, and each object once.
with recursive
-- Before PostgreSQL 16 the two options are no columns and mean what `old` says, to which the names then refer.
membership as (
  select found.*
  from (select true as set_option, true as inherit_option) as old
    cross join lateral (
      select m.roleid, m.member, m.admin_option, set_option, inherit_option from pg_auth_members m) as found),
-- Roles that can be changed into, and roles whose rights are there without that. NOINHERIT does not matter: who may change
-- into a role has its rights. It begins with whoever logged in, since ALTER ROLE … SET role is undone by RESET ROLE.
reach as (
  select r.oid, true as settable from pg_roles r where r.rolname = session_user
  union
  select m.roleid, reach.settable and m.set_option
  from reach join membership m on m.member = reach.oid
  where m.inherit_option or reach.settable and m.set_option),
own as (
  select r.oid, nullif(r.rolname, session_user)::text as name, r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb,
    r.rolreplication, bool_or(reach.settable) as settable
  from reach join pg_roles r on r.oid = reach.oid
  group by r.oid, r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication),
grantee as (
  select oid, name from own
  union all
  select 0::oid, 'PUBLIC'),
-- All that access lists give. Left out: what PostgreSQL refuses to everybody but superusers, which is to change its own
-- tables, and the view that stands for SET.
granted as (
  select 'pg_class'::regclass as classid, c.oid as objid, 0 as objsubid, c.relkind = 'S' as sequence,
    aclexplode(c.relacl) as access
  from pg_class c
  where c.relacl is not null and c.oid <> 'pg_settings'::regclass
    and (c.oid >= 16384 or c.relkind = 'v' or c.relnamespace <> 'pg_catalog'::regnamespace)
  union all
  select 'pg_class'::regclass, c.attrelid, c.attnum, false, aclexplode(c.attacl)
  from pg_attribute c
  where c.attacl is not null and (c.attrelid >= 16384 or (
    select v.relkind = 'v' or v.relnamespace <> 'pg_catalog'::regnamespace from pg_class v where v.oid = c.attrelid))
  union all
  select 'pg_namespace'::regclass, n.oid, 0, false, aclexplode(n.nspacl) from pg_namespace n
  union all
  select 'pg_database'::regclass, d.oid, 0, false, aclexplode(d.datacl)
  from pg_database d where d.datname = current_database()
  union all
  select 'pg_largeobject'::regclass, l.oid, 0, false, aclexplode(l.lomacl) from pg_largeobject_metadata l
  union all
  select 'pg_proc'::regclass, p.oid, 0, false, aclexplode(p.proacl) from pg_proc p where p.proacl is not null),
-- The grants to this user, before anything is said of them: that compares texts, which is dear for a hundred thousand tables.
held as (
  select granted.classid, granted.objid, granted.objsubid, granted.sequence, grantee.name,
    (granted.access).privilege_type as privilege, (granted.access).is_grantable as grantable
  from granted join grantee on grantee.oid = (granted.access).grantee
  offset 0),
callable as (
  select p.oid, p.proname, p.pronamespace, p.probin, p.prosecdef, p.proacl is null as by_default
  from pg_proc p
  where (p.prosecdef or p.probin like '%dblink%' or p.pronamespace = 'pg_catalog'::regnamespace and p.proname in (
      'pg_read_file', 'pg_read_binary_file', 'lo_import', 'lo_export', 'pg_file_write', 'pg_file_rename', 'pg_file_unlink'))
    and (p.proacl is null or exists (
      select from aclexplode(p.proacl) a join grantee g on g.oid = a.grantee where a.privilege_type = 'EXECUTE')))
select 'recovery' as means, null as what, null as holder where pg_is_in_recovery()
union all
select 'schema', case when has_schema_privilege(n.oid, 'USAGE') then 'open' else 'closed' end, null
from pg_namespace n where n.nspname = $1
union all
(select 'other_schema', n.nspname::text, null
from pg_namespace n
where not exists (select from pg_namespace asked where asked.nspname = $1)
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and has_schema_privilege(n.oid, 'USAGE')
order by lower(n.nspname) <> lower($1), n.nspname::text collate "C" limit 21)
union all
(select 'superuser', null, name from own where rolsuper and settable order by name nulls first limit 1)
union all
(select predefined.means, predefined.what, null
from own join (values
    ('writes', 'pg_write_all_data', 'membership in pg_write_all_data'),
    ('writes', 'pg_maintain', 'membership in pg_maintain'),
    ('writes', 'pg_create_subscription', 'membership in pg_create_subscription'),
    ('server_files', 'pg_read_server_files', 'membership in pg_read_server_files'),
    ('server_files', 'pg_write_server_files', 'membership in pg_write_server_files'),
    ('server_programs', 'pg_execute_server_program', 'membership in pg_execute_server_program'))
  as predefined (means, name, what) on own.rolname = predefined.name)
union all
(select attribute.means, attribute.what, own.name
from own cross join lateral (values
    ('writes', 'all that the superuser owns', own.rolsuper and not own.settable),
    ('writes', 'CREATEROLE', own.rolcreaterole and own.settable),
    ('writes', 'CREATEDB', own.rolcreatedb and own.settable),
    ('replication', 'REPLICATION', own.rolreplication and own.settable))
  as attribute (means, what, there)
where attribute.there and not exists (select from own super where super.rolsuper and super.settable)
limit 4)
union all
(select 'writes', 'ADMIN OPTION on the role ' || quote_ident(r.rolname), own.name
from membership m join own on own.oid = m.member join pg_roles r on r.oid = m.roleid
where m.admin_option limit 3)
union all
select 'writes', 'ownership of ' || object.type || ' ' || object.identity, owned.name
from (
    select d.classid, d.objid, own.name
    from own join pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = own.oid
    where d.deptype = 'o' and d.dbid in (0, (select oid from pg_database where datname = current_database()))
      and d.classid <> 'pg_default_acl'::regclass
      and not exists (
        select from pg_class c where d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relpersistence = 't')
      and not exists (
        select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where d.classid = 'pg_proc'::regclass and p.oid = d.objid and n.nspname ~ '^pg_temp')
      and not exists (
        select from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where d.classid = 'pg_type'::regclass and t.oid = d.objid and n.nspname ~ '^pg_temp')
    limit 3) as owned
  cross join lateral pg_identify_object(owned.classid, owned.objid, 0) as object
union all
select 'writes', can.privileges || ' on ' || object.type || ' ' || object.identity, can.name
from (
    select found.classid, found.objid, found.objsubid, found.name, string_agg(found.privilege, ', ') as privileges
    from (
        select held.classid, held.objid, held.objsubid, held.name,
          held.privilege || case when held.grantable then ' with GRANT OPTION' else '' end as privilege
        from held
        where held.privilege in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'MAINTAIN', 'CREATE')
          or held.privilege = 'USAGE' and held.sequence
          or held.grantable
        limit 20) as found
    group by found.classid, found.objid, found.objsubid, found.name limit 3) as can
  cross join lateral pg_identify_object(can.classid, can.objid, can.objsubid) as object
union all
(select 'writes', 'large objects, which lo_compat_privileges opens to everybody', null
from pg_largeobject_metadata
where current_setting('lo_compat_privileges') = 'on' limit 1)
union all
(select 'dblink', 'EXECUTE on ' || c.oid::regprocedure, null from callable c where c.probin like '%dblink%' limit 1)
union all
-- Before PostgreSQL 11 they are open to everybody, and ask for a superuser themselves.
(select 'server_files', 'EXECUTE on ' || c.oid::regprocedure, null
from callable c
where not c.by_default and c.pronamespace = 'pg_catalog'::regnamespace and not c.prosecdef and c.probin is null limit 1)
union all
(select 'foreign_servers', 'USAGE on the ' || foreign_access.what, grantee.name
from (
    select 'foreign server ' || quote_ident(s.srvname) as what, a.*
    from pg_foreign_server s cross join lateral aclexplode(s.srvacl) a
    union all
    select 'foreign-data wrapper ' || quote_ident(w.fdwname), a.*
    from pg_foreign_data_wrapper w cross join lateral aclexplode(w.fdwacl) a) as foreign_access
  join grantee on grantee.oid = foreign_access.grantee
limit 3)
union all
-- Languages that reach the machine are for superusers, unless somebody has declared them to be trusted.
(select 'untrusted_languages', 'USAGE on the language ' || quote_ident(l.lanname), null
from pg_language l
where l.lanpltrusted and (l.lanname in ('c', 'internal') or l.lanname ~ '^pl.*u$') and (l.lanacl is null or exists (
  select from aclexplode(l.lanacl) a join grantee g on g.oid = a.grantee where a.privilege_type = 'USAGE')) limit 3)
union all
-- pg_parameter_acl, by its number: PostgreSQL 15 is the first that has it.
(select 'server_settings', object.type || ' ' || object.identity, own.name
from own join pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = own.oid
  cross join lateral pg_identify_object(d.classid, d.objid, 0) as object
where d.deptype = 'a' and d.dbid = 0 and d.classid = 6243 limit 3)
union all
select 'definers', count(*)::text, null from callable where callable.prosecdef

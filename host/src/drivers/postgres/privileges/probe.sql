-- What the user of this session may do, in few rows: (means, what, holder). $1 is the schema that the connection is about.
-- Runs on PostgreSQL 10 and later, under search_path = pg_catalog, pg_temp. Access lists are read as they are instead of by
-- has_table_privilege and the like: once for all roles, and each object once.
with recursive
-- Before PostgreSQL 16 the two options are no columns and mean what `old` says, to which the names then refer.
membership as (
  select found.*
  from (select true as set_option, true as inherit_option) as old
    cross join lateral (
      select m.roleid, m.member, m.admin_option, set_option, inherit_option from pg_auth_members m) as found),
-- Roles that can be changed into, and roles whose rights are there without that. NOINHERIT does not matter: who may change
-- into a role has its rights. It begins with whoever logged in, since ALTER ROLE SET role is undone by RESET ROLE.
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
  where c.attacl is not null and not c.attisdropped and (c.attrelid >= 16384 or (
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
-- Functions that PostgreSQL keeps for superusers until somebody grants them: from the start, they are for their owner alone.
-- What it gives to its monitoring roles is none of them. By the name in the server's program, since others may have that too.
withheld as (
  select p.prosrc, min(p.proname::text) as name
  from pg_proc p join pg_init_privs i on i.classoid = 'pg_proc'::regclass and i.objoid = p.oid and i.privtype = 'i'
  where p.oid < 16384 and not exists (select from aclexplode(i.initprivs) a where a.grantee <> p.proowner)
  group by p.prosrc),
-- Those of adminpack ask for a superuser themselves in its first version, where nobody has restricted them.
callable as (
  select p.oid, p.prosecdef, p.probin like '%dblink%' as dblink, coalesce(
      withheld.name in (
        'pg_read_file', 'pg_read_binary_file', 'pg_stat_file', 'pg_ls_dir', 'lo_import', 'lo_export'),
      p.probin like '%adminpack%' and (p.proacl is not null or p.prosrc like '%\_v1\_1')) as files,
    withheld.name as withheld
  from pg_proc p join pg_language l on l.oid = p.prolang
    left join withheld on withheld.prosrc = p.prosrc and l.lanname = 'internal'
  where (p.prosecdef or p.probin like '%dblink%' or p.probin like '%adminpack%' or withheld.name is not null)
    and (p.proacl is null or exists (
      select from aclexplode(p.proacl) a join grantee g on g.oid = a.grantee where a.privilege_type = 'EXECUTE'))),
-- pg_shdepend does not have what the roles own that PostgreSQL itself has made. Whoever has the first superuser's rights is
-- told so elsewhere.
pinned as (
  select oid, name from own where oid < 16384 and oid <> 10),
owned as (
  select d.classid, d.objid, own.name
  from own join pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = own.oid
  where d.deptype = 'o' and d.dbid in (0, (select oid from pg_database where datname = current_database()))
    -- Default privileges are for what is not there yet, and a user mapping is for its user and changes nothing here.
    and d.classid not in ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)
  union all
  select object.classid, object.objid, pinned.name
  from pinned join (
    select 'pg_class'::regclass as classid, oid as objid, relowner as owner
    from pg_class where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'pg_type'::regclass, t.oid, t.typowner
    from pg_type t left join pg_class c on c.oid = t.typrelid
    where t.typcategory <> 'A' and coalesce(c.relkind = 'c', true)
    union all
    select 'pg_proc'::regclass, oid, proowner from pg_proc
    union all
    select 'pg_namespace'::regclass, oid, nspowner from pg_namespace
    union all
    select 'pg_database'::regclass, oid, datdba from pg_database where datname = current_database()
    union all
    select 'pg_tablespace'::regclass, oid, spcowner from pg_tablespace
    union all
    select 'pg_largeobject'::regclass, oid, lomowner from pg_largeobject_metadata
    union all
    select 'pg_language'::regclass, oid, lanowner from pg_language
    union all
    select 'pg_operator'::regclass, oid, oprowner from pg_operator
    union all
    select 'pg_opclass'::regclass, oid, opcowner from pg_opclass
    union all
    select 'pg_opfamily'::regclass, oid, opfowner from pg_opfamily
    union all
    select 'pg_collation'::regclass, oid, collowner from pg_collation
    union all
    select 'pg_conversion'::regclass, oid, conowner from pg_conversion
    union all
    select 'pg_ts_dict'::regclass, oid, dictowner from pg_ts_dict
    union all
    select 'pg_ts_config'::regclass, oid, cfgowner from pg_ts_config
    union all
    select 'pg_statistic_ext'::regclass, oid, stxowner from pg_statistic_ext
    union all
    select 'pg_extension'::regclass, oid, extowner from pg_extension
    union all
    select 'pg_event_trigger'::regclass, oid, evtowner from pg_event_trigger
    union all
    select 'pg_publication'::regclass, oid, pubowner from pg_publication
    union all
    select 'pg_foreign_server'::regclass, oid, srvowner from pg_foreign_server
    union all
    select 'pg_foreign_data_wrapper'::regclass, oid, fdwowner from pg_foreign_data_wrapper) as object
  on object.owner = pinned.oid)
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
    ('server_programs', 'pg_execute_server_program', 'membership in pg_execute_server_program'),
    ('stored_passwords', 'pg_read_all_data', 'membership in pg_read_all_data'),
    ('administration', 'pg_checkpoint', 'membership in pg_checkpoint'),
    ('administration', 'pg_signal_backend', 'membership in pg_signal_backend'),
    ('administration', 'pg_signal_autovacuum_worker', 'membership in pg_signal_autovacuum_worker'))
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
select 'writes', 'ownership of ' || object.type || ' ' || object.identity, lasting.name
from (
    select owned.classid, owned.objid, owned.name
    from owned
    where not exists (
        select from pg_class c where owned.classid = 'pg_class'::regclass and c.oid = owned.objid and c.relpersistence = 't')
      and not exists (
        select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where owned.classid = 'pg_proc'::regclass and p.oid = owned.objid and n.nspname ~ '^pg_temp')
      and not exists (
        select from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where owned.classid = 'pg_type'::regclass and t.oid = owned.objid and n.nspname ~ '^pg_temp')
    limit 3) as lasting
  cross join lateral pg_identify_object(lasting.classid, lasting.objid, 0) as object
union all
-- Before PostgreSQL 12 not everybody may read its number.
(select 'writes', 'ownership of subscription ' || quote_ident(s.subname), pinned.name
from pg_subscription s join pinned on pinned.oid = s.subowner
where s.subdbid = (select oid from pg_database where datname = current_database()) limit 1)
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
(select 'dblink', 'EXECUTE on ' || c.oid::regprocedure, null from callable c where c.dblink limit 1)
union all
(select 'server_files', 'EXECUTE on ' || c.oid::regprocedure, null from callable c where c.files limit 1)
union all
(select 'administration', 'EXECUTE on ' || c.oid::regprocedure, null
from callable c where c.withheld is not null and not c.files limit 1)
union all
(select 'stored_passwords', 'SELECT on ' || secret.relation, grantee.name
from (values ('pg_authid'::regclass, 'rolpassword'), ('pg_shadow'::regclass, 'passwd'),
    ('pg_user_mapping'::regclass, 'umoptions'), ('pg_subscription'::regclass, 'subconninfo')) as secret (relation, attribute)
  cross join lateral (
    select c.relacl as access from pg_class c where c.oid = secret.relation
    union all
    select c.attacl from pg_attribute c where c.attrelid = secret.relation and c.attname = secret.attribute) as given
  cross join lateral aclexplode(given.access) a join grantee on grantee.oid = a.grantee
where a.privilege_type = 'SELECT' limit 1)
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
(select 'server_settings', a.privilege_type || ' on parameter ' || p.parname, grantee.name
from pg_parameter_acl p cross join lateral aclexplode(p.paracl) a join grantee on grantee.oid = a.grantee limit 3)
union all
select 'definers', count(*)::text, null from callable where callable.prosecdef

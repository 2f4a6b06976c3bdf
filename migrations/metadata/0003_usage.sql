-- How large the credentials are; 0 when they were put before this was counted.
alter table connections add column secret_bytes bigint not null default 0;

-- What the connection counts for its organization's usage.
alter table connections add column bytes bigint not null default 0;

update connections set bytes = 1024 + octet_length(name) + octet_length(description) + octet_length(config_sent)
    + octet_length(config) + octet_length(bindings)
    + (select coalesce(sum(256 + octet_length(tag)), 0) from connection_tags where connection = connections.id);

drop view connection_records;
create view connection_records as
    select connections.*, connector_versions.version as connector_version,
        connector_versions.contract as connector_contract
    from connections left join connector_versions on connector_versions.digest = connections.connector_digest;

-- Has all that a list sorts and filters by, but for names and texts, so that it reads no row which it does not show.
drop index connections_by_creation;
create index connections_by_creation on connections (organization, project, created_at, id, updated_at, status,
    connection_type, created_by);
create index connections_by_name on connections (organization, project, name, id);

-- A list by tag is in the order of creation too.
alter table connection_tags add column organization text not null default '';
alter table connection_tags add column project text not null default '';
alter table connection_tags add column created_at bigint not null default 0;
update connection_tags set (organization, project, created_at) =
    (select organization, project, created_at from connections where id = connection);
drop index connection_tags_by_tag;
create index connection_tags_by_creation on connection_tags (organization, project, tag, created_at, connection);

-- How many connections of a project have a tag; each has at least one.
create table project_tags (
    organization text not null,
    project text not null,
    tag text not null,
    connections bigint not null,
    primary key (organization, project, tag)
);
insert into project_tags (organization, project, tag, connections)
    select organization, project, tag, count(*) from connection_tags group by organization, project, tag;

-- What a project has; `project` is empty for what belongs to the whole organization. Kept by every write, so that nothing
-- is counted when a list says its total or a quota is looked at.
create table project_usage (
    organization text not null,
    project text not null,
    connections bigint not null,
    -- Different ones.
    tags bigint not null,
    idempotency_keys bigint not null,
    primary key (organization, project)
);
insert into project_usage (organization, project, connections, tags, idempotency_keys)
    select organization, project, sum(connections), sum(tags), sum(idempotency_keys) from (
        select organization, project, count(*) as connections, 0 as tags, 0 as idempotency_keys from connections
            group by organization, project
        union all select organization, project, 0, count(*), 0 from project_tags group by organization, project
        union all select organization, project, 0, 0, count(*) from idempotency_keys group by organization, project
    ) as counted group by organization, project;

-- What an organization has of all its projects.
create table organization_usage (
    organization text not null primary key,
    bytes bigint not null
);
insert into organization_usage (organization, bytes)
    select organization, sum(bytes) from (
        select organization, sum(bytes) as bytes from connections group by organization
        union all select organization, 1024 * count(*) from idempotency_keys group by organization
    ) as counted group by organization;

-- One row, written to see whether anything can be written.
create table health (
    id bigint not null primary key,
    checked_at bigint not null
);

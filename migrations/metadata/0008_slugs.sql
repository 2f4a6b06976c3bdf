-- The short name of the connection, which is the first segment of fully qualified names: the last segment of its resource
-- URI. Unique among what a project sees, which is its own and its organization's own.
alter table connections add column slug text not null default '';
update connections
    set slug = substr(resource_uri, length('data:' || organization || ':' || project || ':') + 1);
create index connections_by_slug on connections (organization, slug, project);

-- A project could have one of its organization's until now: that of the project gets the end of its id.
update connections set slug = slug || '-' || substr(id, 25)
    where project <> '' and exists (
        select 1 from connections as other
        where other.organization = connections.organization and other.slug = connections.slug and other.project = '');

drop view connection_records;
create view connection_records as
    select connections.*, connector_versions.version as connector_version,
        connector_versions.contract as connector_contract
    from connections left join connector_versions on connector_versions.digest = connections.connector_digest;

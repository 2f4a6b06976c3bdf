-- A connector version: a component, named by its digest. The bytes are files beside this database.
create table connector_versions (
    digest text not null primary key,
    -- What it says of itself; empty until it has been admitted.
    type_name text not null,
    version text not null,
    -- The version of the contract that it was built for.
    contract text not null,
    -- PENDING, SHADOW, ACTIVE, RETIRED, REFUSED or ROLLED_BACK.
    state text not null,
    -- Why it is not active: a JSON list of reasons, each with code, message and remedy.
    reasons text not null,
    -- What it makes of the stored connections: JSON.
    shadow text,
    -- The file in the watched directory that it came from; null when it was uploaded.
    file text,
    bytes bigint not null,
    created_by text not null,
    created_at bigint not null,
    changed_at bigint not null,
    activated_at bigint
);

create unique index connector_versions_active on connector_versions (type_name) where state = 'ACTIVE';

-- What was last seen in the watched directory, so that only a change of a file has an effect.
create table connector_files (
    name text not null primary key,
    digest text not null
);

-- The connector version that wrote the configuration, as its manifest has it; `connector_digest` is the one that serves
-- the connection, which may be a later one.
alter table connections rename column connector_version to written_by;

-- What a connection was before the version that serves it took over: for a roll-back.
alter table connections add column before_digest text;
alter table connections add column before_config text;
alter table connections add column before_written_by text;

-- A version that would lead it elsewhere and waits for its tenant: the digest, and JSON of what would change.
alter table connections add column upgrade_digest text;
alter table connections add column upgrade text;

create index connections_by_type on connections (connection_type, id);
create index connections_by_connector on connections (connector_digest);

create view connection_records as
    select connections.*, connector_versions.version as connector_version,
        connector_versions.contract as connector_contract
    from connections left join connector_versions on connector_versions.digest = connections.connector_digest;

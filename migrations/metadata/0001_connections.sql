-- Columns are text and bigint only, so that the same queries serve SQLite and PostgreSQL: identifiers and JSON are
-- text, times are microseconds since 1970 in UTC. `project` is empty for what belongs to the whole organization.

create table connections (
    id text not null primary key,
    organization text not null,
    project text not null,
    resource_uri text not null,
    name text not null,
    description text not null,
    -- Name and description in lower case: what a search looks in. The databases' own `lower` differ beyond ASCII.
    search_text text not null,
    tags text not null,
    connection_type text not null,
    config_member text not null,
    auth_method text not null,
    -- As the tenant sent it; decides where the connection may lead.
    config_sent text not null,
    -- As the connector normalised it.
    config text not null,
    -- Each credential of the authentication method, and whether it is set; never a value.
    credentials_set text not null,
    -- What each stored credential was accepted for.
    bindings text not null,
    -- Where the credentials are; all null when there are none.
    secret_store text,
    secret_key text,
    secret_version bigint,
    -- The last version that was given out, whether or not it came to be used.
    secret_sequence bigint not null,
    status text not null,
    status_reason text,
    connector_version text not null,
    connector_digest text not null,
    created_by text not null,
    updated_by text not null,
    created_at bigint not null,
    updated_at bigint not null,
    last_tested_at bigint,
    -- Grows with every change that somebody makes.
    revision bigint not null,
    -- Grows with every recorded test.
    test_revision bigint not null,
    -- The organization comes first: whatever names organizations have, none can take another's resource URI.
    unique (organization, resource_uri)
);

create index connections_by_creation on connections (organization, project, created_at, id);
create index connections_by_secret on connections (secret_key, secret_version);

create table connection_tags (
    connection text not null references connections (id) on delete cascade,
    tag text not null,
    primary key (connection, tag)
);

create index connection_tags_by_tag on connection_tags (tag, connection);

-- A secret version that is about to be put, so that it can be removed if nothing comes to point at it.
create table secret_intents (
    id text not null primary key,
    store text not null,
    organization text not null,
    key text not null,
    version bigint not null,
    created_at bigint not null
);

-- A secret version that nothing points at any more.
create table secret_removals (
    store text not null,
    organization text not null,
    key text not null,
    version bigint not null,
    created_at bigint not null,
    primary key (store, organization, key, version)
);

-- What a client asked for once and may ask for again without its being done twice.
create table idempotency_keys (
    organization text not null,
    project text not null,
    principal text not null,
    key text not null,
    -- Keyed by a secret, because a plain digest of a body with a weak password would give the password away.
    request_digest text not null,
    resource_uri text not null,
    -- The id of what was made: a deleted connection's resource URI can be another's by now.
    connection text not null,
    created_at bigint not null,
    primary key (organization, project, principal, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);

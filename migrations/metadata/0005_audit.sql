-- Who has done what to which resource, and which credentials were let out for what. Written in the transaction of the
-- change, or before the release, and trimmed by the host: the newest rows of each organization and outcome stay.
create table audit_events (
    -- Whose the resource is; empty for the platform's own.
    organization text not null,
    -- done or released: what is numbered and trimmed together.
    outcome text not null,
    -- From 1, without a gap, in the order of the commits.
    number bigint not null,
    recorded_at bigint not null,
    -- A caller's principal, or system:directory, system:host or system:operator.
    actor text not null,
    -- The caller's organization; empty for the system's.
    actor_organization text not null,
    action text not null,
    -- A resource URI, a digest, or key and version of a secret.
    resource text not null,
    -- Empty for what belongs to the whole organization or to the platform.
    project text not null,
    primary key (organization, outcome, number)
);

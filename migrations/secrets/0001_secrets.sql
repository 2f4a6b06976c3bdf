-- The local secret store: its own file, beside the metadata and separate from it.

-- Shows at start whether the master key file is the one that this store was sealed with.
create table master_keys (
    version bigint not null primary key,
    check_value blob not null
);

-- One key per organization, wrapped by a master key.
create table data_keys (
    organization text not null primary key,
    master_key_version bigint not null references master_keys (version),
    wrapped blob not null
);

create table secrets (
    organization text not null references data_keys (organization),
    key text not null,
    version bigint not null,
    sealed blob not null,
    primary key (organization, key, version)
);

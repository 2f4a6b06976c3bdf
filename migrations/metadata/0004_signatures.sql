-- What shows that nobody else has written where the credentials are, whose, and what they were accepted for: an HMAC with
-- a key that is not in this database. Null in rows that an earlier version wrote, until the next start.
alter table connections add column signature text;

drop view connection_records;
create view connection_records as
    select connections.*, connector_versions.version as connector_version,
        connector_versions.contract as connector_contract
    from connections left join connector_versions on connector_versions.digest = connections.connector_digest;

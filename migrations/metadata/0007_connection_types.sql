-- One word for one thing: what the API, connections and their rows call it.
alter table connector_versions rename column type_name to connection_type;

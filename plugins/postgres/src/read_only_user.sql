-- Run as the owner of the database, connected to it; choose the password yourself.
create role patchpanel_reader login password 'CHANGE-ME';
alter role patchpanel_reader set default_transaction_read_only = on;
-- Once for each schema that should be seen:
grant usage on schema public to patchpanel_reader;
grant select on all tables in schema public to patchpanel_reader;
alter default privileges in schema public grant select on tables to patchpanel_reader;

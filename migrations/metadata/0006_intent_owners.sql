-- Which process works on an intent: an id that it has made at its start. Empty in rows that an earlier version wrote.
alter table secret_intents add column owner text not null default '';

-- When that process said last that it works on it; 0 when it is known that it does so no more.
alter table secret_intents add column heartbeat_at bigint not null default 0;

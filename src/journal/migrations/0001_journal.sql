-- One row per event, never changed. `seq` is given without gaps by the one writer. `refs` is a JSON array of [type, id].

CREATE TABLE journal_events (
  seq BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  project TEXT NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  refs TEXT NOT NULL,
  payload TEXT NOT NULL,
  request_id TEXT NOT NULL,
  leaf_hash BYTEA NOT NULL
)
--sqlite: STRICT
;

CREATE INDEX journal_events_subject ON journal_events (subject_type, subject_id, seq);

CREATE TABLE journal_subscriptions (
  name TEXT PRIMARY KEY,
  cursor_seq BIGINT NOT NULL
)
--sqlite: STRICT
;

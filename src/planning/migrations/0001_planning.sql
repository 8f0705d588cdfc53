-- Records of every kind in one table: what lists sort and filter by in columns, the rest as a JSON object in `fields`.
-- Times are milliseconds since the epoch. A record's key is its project's key and its number.

CREATE TABLE planning_records (
  record_no BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  project_no BIGINT NOT NULL,
  number BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  version BIGINT NOT NULL,
  fingerprint TEXT NOT NULL,
  status TEXT NOT NULL,
  title TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0,
  last_number BIGINT NOT NULL DEFAULT 0,
  fields TEXT NOT NULL,
  UNIQUE (project_no, number)
)
--sqlite: STRICT
;

CREATE INDEX planning_records_kind ON planning_records (kind, project_no, record_no);

-- Present and former keys of projects: a key that was ever used keeps leading to its project.
CREATE TABLE planning_keys (
  key TEXT PRIMARY KEY,
  project_no BIGINT NOT NULL REFERENCES planning_records (record_no),
  current BIGINT NOT NULL,
  since BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE INDEX planning_keys_project ON planning_keys (project_no, current);

CREATE TABLE planning_revisions (
  record_no BIGINT NOT NULL REFERENCES planning_records (record_no),
  revision BIGINT NOT NULL,
  version BIGINT NOT NULL,
  time BIGINT NOT NULL,
  actor TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (record_no, revision)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- What a caller's idempotency key made.
CREATE TABLE planning_requests (
  caller TEXT NOT NULL,
  request_key TEXT NOT NULL,
  digest TEXT NOT NULL,
  record_no BIGINT NOT NULL REFERENCES planning_records (record_no),
  PRIMARY KEY (caller, request_key)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE planning_links (
  link_no BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_no BIGINT NOT NULL,
  type TEXT NOT NULL,
  from_type TEXT NOT NULL,
  from_id TEXT NOT NULL,
  to_type TEXT NOT NULL,
  to_id TEXT NOT NULL,
  basis TEXT NOT NULL,
  rule TEXT NOT NULL,
  evidence TEXT NOT NULL,
  to_fingerprint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  ended_at BIGINT
)
--sqlite: STRICT
;

CREATE INDEX planning_links_from ON planning_links (from_type, from_id, link_no);
CREATE INDEX planning_links_to ON planning_links (to_type, to_id, link_no);

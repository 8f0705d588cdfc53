-- model_no joins the tables and outlives a rename; names are what clients see. Times are milliseconds since the epoch.

CREATE TABLE registered_models (
  model_no BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  creation_time BIGINT NOT NULL,
  last_update_time BIGINT NOT NULL,
  last_version BIGINT NOT NULL DEFAULT 0
)
--sqlite: STRICT
;

CREATE TABLE registered_model_tags (
  model_no BIGINT NOT NULL REFERENCES registered_models (model_no) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_no, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE model_versions (
  model_no BIGINT NOT NULL REFERENCES registered_models (model_no) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  creation_time BIGINT NOT NULL,
  last_update_time BIGINT NOT NULL,
  stage BIGINT NOT NULL,
  description TEXT,
  source TEXT NOT NULL,
  storage_location TEXT NOT NULL,
  run_id TEXT NOT NULL,
  run_link TEXT NOT NULL,
  model_id TEXT NOT NULL,
  PRIMARY KEY (model_no, version)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX model_versions_newest ON model_versions (last_update_time DESC);
CREATE INDEX model_versions_run ON model_versions (run_id);

CREATE TABLE model_version_tags (
  model_no BIGINT NOT NULL,
  version BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_no, version, key),
  FOREIGN KEY (model_no, version) REFERENCES model_versions (model_no, version) ON DELETE CASCADE
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE model_aliases (
  model_no BIGINT NOT NULL,
  alias TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (model_no, alias),
  FOREIGN KEY (model_no, version) REFERENCES model_versions (model_no, version) ON DELETE CASCADE
)
--sqlite: STRICT, WITHOUT ROWID
;

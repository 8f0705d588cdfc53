-- Numbers (…_no) are ours and join the tables; ids are what clients see. A table keyed by a number is clustered by it.
-- Times are milliseconds since the epoch. `deleted` is 0 or 1.

CREATE TABLE experiments (
  experiment_no BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  artifact_location TEXT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0,
  creation_time BIGINT NOT NULL,
  last_update_time BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE TABLE experiment_tags (
  experiment_no BIGINT NOT NULL REFERENCES experiments (experiment_no) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment_no, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- `version` grows with every change of what a search shows of the run: its row, params, tags, latest metrics, inputs, outputs.
CREATE TABLE runs (
  run_no BIGINT PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  experiment_no BIGINT NOT NULL REFERENCES experiments (experiment_no),
  name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  status BIGINT NOT NULL,
  start_time BIGINT NOT NULL,
  end_time BIGINT,
  artifact_uri TEXT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0,
  deleted_time BIGINT,
  version BIGINT NOT NULL DEFAULT 0
)
--sqlite: STRICT
;

-- The default order of a search: newest first.
CREATE INDEX runs_newest ON runs (experiment_no, deleted, start_time DESC, run_id);

CREATE TABLE params (
  run_no BIGINT NOT NULL REFERENCES runs (run_no) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_no, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE tags (
  run_no BIGINT NOT NULL REFERENCES runs (run_no) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_no, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE datasets (
  dataset_no BIGINT PRIMARY KEY,
  experiment_no BIGINT NOT NULL REFERENCES experiments (experiment_no),
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema_text TEXT,
  profile_text TEXT,
  UNIQUE (experiment_no, name, digest)
)
--sqlite: STRICT
;

-- `context` is the tag mlflow.data.context, repeated here for searches.
CREATE TABLE dataset_inputs (
  run_no BIGINT NOT NULL REFERENCES runs (run_no) ON DELETE CASCADE,
  dataset_no BIGINT NOT NULL REFERENCES datasets (dataset_no),
  context TEXT,
  PRIMARY KEY (run_no, dataset_no)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX dataset_inputs_of ON dataset_inputs (dataset_no, run_no);

CREATE TABLE dataset_input_tags (
  run_no BIGINT NOT NULL,
  dataset_no BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_no, dataset_no, key),
  FOREIGN KEY (run_no, dataset_no) REFERENCES dataset_inputs (run_no, dataset_no) ON DELETE CASCADE
)
--sqlite: STRICT, WITHOUT ROWID
;

-- Models may be named before they are known here, as in MLflow: no foreign key on model_id.
CREATE TABLE model_inputs (
  run_no BIGINT NOT NULL REFERENCES runs (run_no) ON DELETE CASCADE,
  model_id TEXT NOT NULL,
  PRIMARY KEY (run_no, model_id)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE model_outputs (
  run_no BIGINT NOT NULL REFERENCES runs (run_no) ON DELETE CASCADE,
  model_id TEXT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (run_no, model_id)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE logged_models (
  model_no BIGINT PRIMARY KEY,
  model_id TEXT NOT NULL UNIQUE,
  experiment_no BIGINT NOT NULL REFERENCES experiments (experiment_no),
  name TEXT NOT NULL,
  model_type TEXT NOT NULL,
  source_run_id TEXT NOT NULL,
  artifact_uri TEXT NOT NULL,
  status BIGINT NOT NULL,
  status_message TEXT,
  deleted BIGINT NOT NULL DEFAULT 0,
  creation_time BIGINT NOT NULL,
  last_update_time BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE INDEX logged_models_newest ON logged_models (experiment_no, deleted, creation_time DESC, model_id);

CREATE TABLE logged_model_params (
  model_no BIGINT NOT NULL REFERENCES logged_models (model_no) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_no, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE logged_model_tags (
  model_no BIGINT NOT NULL REFERENCES logged_models (model_no) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_no, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- Files and folders of the artifact store. A folder has no manifest; every parent but the root ('') has its own row.
CREATE TABLE artifacts (
  parent TEXT NOT NULL,
  name TEXT NOT NULL,
  manifest TEXT,
  size BIGINT NOT NULL,
  sha256 TEXT,
  modified_time BIGINT NOT NULL,
  PRIMARY KEY (parent, name)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX artifacts_manifest ON artifacts (manifest) WHERE manifest IS NOT NULL;

-- The experiment that is always there. Its empty location means the server's default artifact root.
--sqlite: INSERT INTO experiments VALUES (0, 'Default', '', 0, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
--postgres: INSERT INTO experiments VALUES (0, 'Default', '', 0, CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT), CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT));

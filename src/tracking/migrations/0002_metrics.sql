-- Points of metrics, in three stages (README.md, "Metrics"): arrival log, tail of each run, column chunks of each long series.
-- A value that is NULL is NaN. run_no has no foreign key here: the log is written once per request and pays for nothing else.

-- Key texts, each once. Never deleted.
CREATE TABLE metric_keys (
  key_no BIGINT PRIMARY KEY,
  key TEXT NOT NULL UNIQUE
)
--sqlite: STRICT
;

-- Stage 1. One row per request, in order of arrival; `points` is a named batch (internal/metric_batch.h). Emptied by settling.
CREATE TABLE metric_log (
--sqlite: seq INTEGER PRIMARY KEY,
--postgres: seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_no BIGINT NOT NULL,
  experiment_no BIGINT NOT NULL,
  points BYTEA NOT NULL
)
--sqlite: STRICT
;

-- Stage 2. Settled points clustered by run; `points` is a numbered batch. A part that folding has left (`folded`) holds only series
-- too short for chunks.
CREATE TABLE metric_tail (
  run_no BIGINT NOT NULL,
  part_no BIGINT NOT NULL,
  point_count BIGINT NOT NULL,
  settled_at BIGINT NOT NULL,
  folded BIGINT NOT NULL DEFAULT 0,
  points BYTEA NOT NULL,
  PRIMARY KEY (run_no, part_no)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- The greatest settled point of each key by (step, timestamp, value, NaN last): what runs/get shows and searches compare.
CREATE TABLE metric_latest (
  run_no BIGINT NOT NULL,
  key_no BIGINT NOT NULL,
  experiment_no BIGINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp BIGINT NOT NULL,
  value DOUBLE PRECISION,
  PRIMARY KEY (run_no, key_no)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX metric_latest_by_value ON metric_latest (experiment_no, key_no, value, run_no);

-- Stage 3. Series (run, key) that are long enough. All chunks of a series are full but the last, so a position says its chunk.
-- `step_ordered`: in history order the steps never fall.
CREATE TABLE metric_series (
  series_no BIGINT PRIMARY KEY,
  run_no BIGINT NOT NULL,
  key_no BIGINT NOT NULL,
  point_count BIGINT NOT NULL,
  step_ordered BIGINT NOT NULL,
  UNIQUE (run_no, key_no)
)
--sqlite: STRICT
;

-- chunk_no = series_no * 2^20 + place in the series. Points in history order (timestamp, step, value), no two equal.
CREATE TABLE metric_chunks (
  chunk_no BIGINT PRIMARY KEY,
  point_count BIGINT NOT NULL,
  first_time BIGINT NOT NULL,
  last_time BIGINT NOT NULL,
  min_step BIGINT NOT NULL,
  max_step BIGINT NOT NULL,
  first_value DOUBLE PRECISION,
  last_value DOUBLE PRECISION,
  min_value DOUBLE PRECISION,
  max_value DOUBLE PRECISION,
  sum_value DOUBLE PRECISION,
  points BYTEA NOT NULL
)
--sqlite: STRICT
;

-- Points that belong to a logged model too. As in MLflow the first point of an identity (the key) stays.
CREATE TABLE logged_model_metrics (
  model_id TEXT NOT NULL,
  key TEXT NOT NULL,
  dataset_name TEXT NOT NULL,
  dataset_digest TEXT NOT NULL,
  timestamp BIGINT NOT NULL,
  step BIGINT NOT NULL,
  run_no BIGINT NOT NULL,
  value DOUBLE PRECISION,
  PRIMARY KEY (model_id, key, timestamp, step, run_no)
)
--sqlite: STRICT, WITHOUT ROWID
;

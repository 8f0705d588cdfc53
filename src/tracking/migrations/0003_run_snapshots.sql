-- What a search shows of a run besides its row, in one blob (search/run_snapshot.h), so that a page costs one read per run instead of
-- one per value. Right only while `version` is that of the run; whoever finds it stale reads the tables and replaces it.
CREATE TABLE run_snapshots (
  run_no BIGINT PRIMARY KEY,
  version BIGINT NOT NULL,
  content BYTEA NOT NULL
)
--sqlite: STRICT
;

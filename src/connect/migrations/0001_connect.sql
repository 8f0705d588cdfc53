-- Source repositories with their commits and branches, and builds. Times are milliseconds since the epoch; flags are 0 or 1.

CREATE TABLE connect_repositories (
  repository_no BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  project TEXT NOT NULL,
  poll_seconds BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  tried_at BIGINT NOT NULL DEFAULT 0,
  synced_at BIGINT,
  last_error TEXT NOT NULL DEFAULT ''
)
--sqlite: STRICT
;

-- A commit belongs to each repository that has it. commit_no is the order in which stetig saw them: parents before children.
CREATE TABLE connect_commits (
  commit_no BIGINT PRIMARY KEY,
  repository_no BIGINT NOT NULL REFERENCES connect_repositories (repository_no),
  sha TEXT NOT NULL,
  parents TEXT NOT NULL,
  author_name TEXT NOT NULL,
  author_email TEXT NOT NULL,
  authored_at BIGINT NOT NULL,
  committed_at BIGINT NOT NULL,
  subject TEXT NOT NULL,
  patch TEXT NOT NULL,
  reachable BIGINT NOT NULL,
  UNIQUE (sha, repository_no)
)
--sqlite: STRICT
;

CREATE INDEX connect_commits_list ON connect_commits (repository_no, commit_no);
CREATE INDEX connect_commits_patch ON connect_commits (repository_no, patch);

CREATE TABLE connect_refs (
  repository_no BIGINT NOT NULL REFERENCES connect_repositories (repository_no),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  sha TEXT NOT NULL,
  moved_at BIGINT NOT NULL,
  rewritten BIGINT NOT NULL,
  PRIMARY KEY (repository_no, kind, name)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE connect_ci_runs (
  ci_run_no BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  provider TEXT NOT NULL,
  external_id TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  project TEXT NOT NULL,
  repository TEXT NOT NULL,
  commit_sha TEXT NOT NULL,
  branch TEXT NOT NULL,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  status TEXT NOT NULL,
  tests BIGINT,
  failures BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  line_coverage DOUBLE PRECISION,
  findings BIGINT,
  finding_errors BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  recorded_by TEXT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT,
  UNIQUE (provider, external_id, attempt)
)
--sqlite: STRICT
;

CREATE INDEX connect_ci_runs_commit ON connect_ci_runs (commit_sha, ci_run_no);

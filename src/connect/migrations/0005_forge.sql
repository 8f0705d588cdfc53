-- Connected repositories of forges, what is known of them, and commit statuses on their way to them.
-- Times are milliseconds since the epoch.

CREATE TABLE forge_repositories (
  repository_no BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  shape TEXT NOT NULL,
  api TEXT NOT NULL,
  full_name TEXT NOT NULL,
  secret TEXT NOT NULL,
  token TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  polled_at BIGINT NOT NULL DEFAULT 0,
  seen_to BIGINT NOT NULL DEFAULT 0,
  next_poll BIGINT NOT NULL DEFAULT 0,
  failures BIGINT NOT NULL DEFAULT 0,
  trouble TEXT NOT NULL DEFAULT ''
)
--sqlite: STRICT
;

-- The newest that is known of each thing. (at, rank) orders what was said about it; polled: it came, or was confirmed, by a poll.
-- branch: of a merge request, its source. asked: of a commit, when its statuses were last asked for.
CREATE TABLE forge_facts (
  repository_no BIGINT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  at BIGINT NOT NULL,
  rank BIGINT NOT NULL,
  polled BIGINT NOT NULL,
  kept_at BIGINT NOT NULL,
  asked BIGINT NOT NULL DEFAULT 0,
  unresolved BIGINT NOT NULL DEFAULT 0,
  branch TEXT NOT NULL DEFAULT '',
  document TEXT NOT NULL,
  PRIMARY KEY (repository_no, kind, key)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX forge_facts_branch ON forge_facts (repository_no, branch) WHERE branch <> '';
CREATE INDEX forge_facts_unresolved ON forge_facts (repository_no) WHERE unresolved = 1;

-- Commits of a branch, by pushes to it or by the merge request that it is the source of.
CREATE TABLE forge_branch_commits (
  repository_no BIGINT NOT NULL,
  branch TEXT NOT NULL,
  sha TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (repository_no, branch, sha)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- Open edges of the trace graph by the fact that they were made of.
CREATE TABLE forge_edges (
  repository_no BIGINT NOT NULL,
  owner TEXT NOT NULL,
  type TEXT NOT NULL,
  from_type TEXT NOT NULL,
  from_id TEXT NOT NULL,
  to_type TEXT NOT NULL,
  to_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (repository_no, owner, type, from_type, from_id, to_type, to_id)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE forge_deliveries (
  repository_no BIGINT NOT NULL,
  delivery TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (repository_no, delivery)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX forge_deliveries_at ON forge_deliveries (at);

-- The last wanted status of each commit and context. Sent when sent_revision = revision.
CREATE TABLE forge_statuses (
  repository_no BIGINT NOT NULL,
  sha TEXT NOT NULL,
  context TEXT NOT NULL,
  state TEXT NOT NULL,
  description TEXT NOT NULL,
  url TEXT NOT NULL,
  revision BIGINT NOT NULL,
  sent_revision BIGINT NOT NULL DEFAULT 0,
  attempts BIGINT NOT NULL DEFAULT 0,
  next_at BIGINT NOT NULL,
  trouble TEXT NOT NULL DEFAULT '',
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (repository_no, sha, context)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX forge_statuses_waiting ON forge_statuses (next_at) WHERE sent_revision < revision;

-- Entities of the last answers, so that an unchanged page costs nothing to ask for again.
CREATE TABLE forge_etags (
  repository_no BIGINT NOT NULL,
  target TEXT NOT NULL,
  etag TEXT NOT NULL,
  PRIMARY KEY (repository_no, target)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- Groups, rights in projects, tokens for programs, settings. Times are milliseconds since the epoch; a project is named by its id.

CREATE TABLE access_groups (
  group_id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE TABLE access_group_users (
  group_id BIGINT NOT NULL REFERENCES access_groups (group_id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES access_users (user_id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX access_group_users_user ON access_group_users (user_id, group_id);

-- Exactly one of user_id and group_id is set.
CREATE TABLE access_members (
  project TEXT NOT NULL,
  user_id BIGINT REFERENCES access_users (user_id) ON DELETE CASCADE,
  group_id BIGINT REFERENCES access_groups (group_id) ON DELETE CASCADE,
  role BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
)
--sqlite: STRICT
;

CREATE UNIQUE INDEX access_members_user ON access_members (user_id, project) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX access_members_group ON access_members (group_id, project) WHERE group_id IS NOT NULL;
CREATE INDEX access_members_project ON access_members (project);

-- Projects that only their members see.
CREATE TABLE access_closed_projects (
  project TEXT PRIMARY KEY,
  since BIGINT NOT NULL
)
--sqlite: STRICT
;

-- Which project an experiment or a registered model belongs to.
CREATE TABLE access_things (
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  PRIMARY KEY (type, id)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- What a token allows at most (names of capabilities by comma; NULL: what its role allows), and its only project (NULL: all).
ALTER TABLE access_tokens ADD COLUMN scope TEXT;
ALTER TABLE access_tokens ADD COLUMN project TEXT;

CREATE TABLE access_settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
)
--sqlite: STRICT
;

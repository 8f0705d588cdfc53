CREATE TABLE access_users (
  user_id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role BIGINT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE TABLE access_tokens (
  token_id TEXT PRIMARY KEY,
  token_sha256 BYTEA NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES access_users (user_id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  role BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT
)
--sqlite: STRICT
;

CREATE INDEX access_tokens_user ON access_tokens (user_id);

-- People of an OpenID provider, sessions of browsers, codes for a waiting command line. Times are milliseconds since the epoch.

-- Who a person of a provider is here. The subject stays when their name changes.
CREATE TABLE access_identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES access_users (user_id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject),
  UNIQUE (user_id, issuer)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE TABLE access_sessions (
  session_id TEXT PRIMARY KEY,
  secret_sha256 BYTEA NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES access_users (user_id) ON DELETE CASCADE,
  way TEXT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE INDEX access_sessions_user ON access_sessions (user_id, created_at);
CREATE INDEX access_sessions_used ON access_sessions (used_at);

CREATE TABLE access_sign_in_codes (
  code_sha256 BYTEA PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES access_users (user_id) ON DELETE CASCADE,
  challenge TEXT NOT NULL,
  expires_at BIGINT NOT NULL
)
--sqlite: STRICT
;

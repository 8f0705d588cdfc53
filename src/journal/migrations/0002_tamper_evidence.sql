-- What makes the journal tamper-evident, and personal texts erasable without breaking a proof.

-- Of the canonical bytes (README.md). Events of form 1 have the actor's name in `actor`; of form 2 it is empty there, `commitments` holds
-- SHA-256(salt || text) of the actor and of each personal text, 32 bytes each, and the texts are in journal_texts.
ALTER TABLE journal_events ADD COLUMN form BIGINT NOT NULL DEFAULT 1;
ALTER TABLE journal_events ADD COLUMN commitments BYTEA;

-- Place 0: the actor; 1, 2, ...: personal texts. Erasing deletes the row and appends an event that names it.
CREATE TABLE journal_texts (
  seq BIGINT NOT NULL,
  place BIGINT NOT NULL,
  salt BYTEA NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (seq, place)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX journal_texts_actor ON journal_texts (text, seq) WHERE place = 0;

-- Nodes of the Merkle tree at heights 0, 8, 16, ...: hash i of tile n on level l is the root of the subtree over the 256^l leaves from
-- (256 n + i) 256^l. On level 0 (leaf hashes) tiles are complete; above, the last tile of a level grows.
CREATE TABLE journal_tiles (
  level BIGINT NOT NULL,
  tile_no BIGINT NOT NULL,
  hashes BYTEA NOT NULL,
  PRIMARY KEY (level, tile_no)
)
--sqlite: STRICT
;

-- Signed checkpoints (note.h), one for a size.
CREATE TABLE journal_checkpoints (
  size BIGINT PRIMARY KEY,
  note TEXT NOT NULL
)
--sqlite: STRICT
;

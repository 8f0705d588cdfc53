-- The trace graph, projected from the journal: every row here can be made again from journal_events.

-- Types of nodes and edges and names of rules, numbered in order of their first use.
CREATE TABLE trace_words (
  word_no BIGINT PRIMARY KEY,
  word TEXT NOT NULL UNIQUE
)
--sqlite: STRICT
;

-- The present state of each node, numbered in order of its first mention in the journal. `seq`: the last event that changed it.
CREATE TABLE trace_nodes (
  node_no BIGINT PRIMARY KEY,
  tenant TEXT NOT NULL,
  type_no BIGINT NOT NULL,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL,
  deleted BIGINT NOT NULL,
  attributes TEXT NOT NULL,
  first_seen BIGINT NOT NULL,
  seq BIGINT NOT NULL
)
--sqlite: STRICT
;

CREATE INDEX trace_nodes_list ON trace_nodes (tenant, type_no, project, node_no);

-- Which node an id means now. A renamed node keeps its old id as a second one.
CREATE TABLE trace_ids (
  tenant TEXT NOT NULL,
  type_no BIGINT NOT NULL,
  id TEXT NOT NULL,
  node_no BIGINT NOT NULL,
  PRIMARY KEY (tenant, type_no, id)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- States that nodes had before the event `until_seq` (recorded at `until_at`) changed them.
CREATE TABLE trace_states (
  node_no BIGINT NOT NULL,
  until_seq BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL,
  deleted BIGINT NOT NULL,
  attributes TEXT NOT NULL,
  PRIMARY KEY (node_no, until_seq)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- Never deleted: an edge that ends gets valid_to (when it stopped being true) and ended_at (when that became known). basis: 0
-- asserted, 1 derived, 2 verified.
CREATE TABLE trace_edges (
  from_no BIGINT NOT NULL,
  type_no BIGINT NOT NULL,
  to_no BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  rule_no BIGINT NOT NULL,
  basis BIGINT NOT NULL,
  has_evidence BIGINT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_to BIGINT,
  recorded_at BIGINT NOT NULL,
  ended_at BIGINT,
  PRIMARY KEY (from_no, type_no, to_no, seq, rule_no)
)
--sqlite: STRICT, WITHOUT ROWID
;

-- Covers every column, so that a walk backwards reads no row of the table.
CREATE INDEX trace_edges_back ON trace_edges
  (to_no, type_no, from_no, seq, rule_no, basis, has_evidence, valid_from, valid_to, recorded_at, ended_at);

-- The evidence that the event `seq` gives for its edges.
CREATE TABLE trace_evidence (
  seq BIGINT PRIMARY KEY,
  evidence TEXT NOT NULL
)
--sqlite: STRICT
;

-- One row: how far the graph is. `rejected`: facts that could not be read, with the last one.
CREATE TABLE trace_progress (
  row_no BIGINT PRIMARY KEY CHECK (row_no = 1),
  applied_seq BIGINT NOT NULL,
  next_node BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  rejected_seq BIGINT NOT NULL,
  rejected_why TEXT NOT NULL
)
--sqlite: STRICT
;

INSERT INTO trace_progress VALUES (1, 0, 1, 0, 0, '');

-- Files attached to records, by name and version. `manifest` names the bytes in the blob store; they live as long as the row does not
-- say `removed_at` and its record is not deleted. Rows stay: a version's number is never given again, its digest never forgotten.

CREATE TABLE planning_attachments (
  record_no BIGINT NOT NULL REFERENCES planning_records (record_no),
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  manifest TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  content_type TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  removed_at BIGINT,
  PRIMARY KEY (record_no, name, version)
)
--sqlite: STRICT, WITHOUT ROWID
;

CREATE INDEX planning_attachments_manifest ON planning_attachments (manifest);

-- Status of the phases of CRISP-DM in each project; no row: not begun. Their evidence is links.
CREATE TABLE planning_phases (
  project_no BIGINT NOT NULL REFERENCES planning_records (record_no),
  phase TEXT NOT NULL,
  status TEXT NOT NULL,
  note TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (project_no, phase)
)
--sqlite: STRICT, WITHOUT ROWID
;

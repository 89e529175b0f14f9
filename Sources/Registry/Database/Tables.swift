/// The tables of a registry; `FORMAT.md` says what stands in them.
enum Tables {
  /// `PRAGMA user_version` of what is written here.
  static let version = 1
  /// `PRAGMA application_id`: the bytes "WEIR".
  static let application = 0x5745_4952

  /// Makes the tables of version 1. No row of `versions` or `moves` is ever deleted.
  static let sql = """
    CREATE TABLE versions (
      number        INTEGER PRIMARY KEY AUTOINCREMENT,
      parent        INTEGER REFERENCES versions (number),
      created       TEXT    NOT NULL,
      model         TEXT    NOT NULL,
      reason        TEXT    NOT NULL,
      evidence      TEXT    NOT NULL CHECK (json_valid(evidence)),
      first_event   INTEGER,
      end_event     INTEGER CHECK (end_event >= first_event),
      first_time    REAL,
      last_time     REAL    CHECK (last_time >= first_time),
      learned       INTEGER NOT NULL CHECK (learned >= 0),
      source        TEXT,
      data_hash     TEXT,
      configuration TEXT    NOT NULL CHECK (json_valid(configuration)),
      schema        TEXT    NOT NULL CHECK (json_valid(schema)),
      scores        TEXT    NOT NULL CHECK (json_valid(scores)),
      profile       TEXT    NOT NULL CHECK (json_valid(profile)),
      software      TEXT    NOT NULL CHECK (json_valid(software)),
      key           TEXT    UNIQUE,
      blob          TEXT    NOT NULL CHECK (length(blob) = 64),
      size          INTEGER NOT NULL CHECK (size >= 0),
      pruned        TEXT
    ) STRICT;
    CREATE INDEX versions_blob ON versions (blob);
    CREATE TABLE tags (
      version INTEGER NOT NULL REFERENCES versions (number),
      name    TEXT    NOT NULL,
      text    TEXT    NOT NULL,
      PRIMARY KEY (version, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE moves (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      alias    TEXT    NOT NULL,
      version  INTEGER REFERENCES versions (number),
      kind     TEXT    NOT NULL CHECK (kind IN ('promotion', 'rollback', 'removal')),
      reason   TEXT    NOT NULL,
      evidence TEXT    NOT NULL CHECK (json_valid(evidence)),
      created  TEXT    NOT NULL,
      beneath  INTEGER REFERENCES moves (sequence)
    ) STRICT;
    CREATE INDEX moves_alias ON moves (alias, sequence);
    CREATE VIEW aliases AS
      SELECT alias AS name, version, sequence FROM moves AS now
      WHERE version IS NOT NULL AND sequence =
        (SELECT max(sequence) FROM moves WHERE alias = now.alias);
    """
}

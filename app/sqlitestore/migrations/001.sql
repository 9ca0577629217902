-- What the store knows of itself; one row.
CREATE TABLE _store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    n   INTEGER NOT NULL -- number of the last write
) STRICT;
INSERT INTO _store (one, n) VALUES (1, 0);

-- The side tables that are filled, and with what.
CREATE TABLE _indexes (
    name     TEXT NOT NULL PRIMARY KEY, -- "table.index", also the name of the side table
    fields   TEXT NOT NULL,             -- as declared, with commas
    encoding INTEGER NOT NULL           -- ordered.Version of the keys
) STRICT;

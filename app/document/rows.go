package document

import (
	"context"
	"fmt"
	"time"

	"lyceum/app"
	"lyceum/app/query"
)

// The tables of this package, see package schema.
const (
	documentsTable   = "documents"
	pathsTable       = "document_paths"
	patchesTable     = "patches"
	checkpointsTable = "checkpoints"
)

// rowID is the key of a row of patches or checkpoints: ids sort as their seqs.
func rowID(document string, seq int64) string { return fmt.Sprintf("%s/%016d", document, seq) }

// pathID is the key of a row of document_paths.
func pathID(project, path string) string { return project + "/" + path }

// now is the time as rows have it.
func now() int64 { return time.Now().UnixMilli() }

// patchRow is a push as a row of patches. hash is that of the file's content
// which the push brought into the document, or empty. (D1)
func patchRow(project, document string, seq int64, p push, hash string) app.Row {
	row := app.Row{
		"id": rowID(document, seq), "project_id": project, "document_id": document, "seq": seq, "time": now(),
		"origin": p.origin, "n_from": p.from, "n": p.n, "update": p.update,
	}
	if p.account != "" {
		row["account_id"] = p.account
	}
	if hash != "" {
		row["file_hash"] = hash
	}
	return row
}

// pushOf is the reverse of patchRow.
func pushOf(row app.Row) (p push, hash string) {
	p.account, _ = row["account_id"].(string)
	p.origin, _ = row["origin"].(string)
	p.from, _ = row["n_from"].(int64)
	p.n, _ = row["n"].(int64)
	p.update, _ = row["update"].([]byte)
	hash, _ = row["file_hash"].(string)
	return p, hash
}

// mark names a version of the text that is or was about to be in the file.
type mark struct {
	seq  int64
	hash string
}

func (m mark) row() app.Row { return app.Row{"seq": m.seq, "hash": m.hash, "time": now()} }

func markOf(value any) mark {
	row, _ := value.(app.Row)
	seq, _ := row["seq"].(int64)
	hash, _ := row["hash"].(string)
	return mark{seq: seq, hash: hash}
}

// updateDocument changes the row of a document.
func updateDocument(ctx context.Context, store app.Store, id string, change func(app.Row)) error {
	_, err := query.Update(ctx, store, documentsTable, id, func(row app.Row) (app.Row, error) {
		if row == nil {
			return nil, fmt.Errorf("document %s: %w", id, app.ErrNotFound)
		}
		change(row)
		return row, nil
	})
	return err
}

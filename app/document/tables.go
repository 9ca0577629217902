package document

import (
	"context"

	"lyceum/app"
	"lyceum/app/query"
)

// Set takes a push to patches, or the wish to write a deleted file again
// (documents.write_again). It is the writer of both tables; the caller's role
// was checked. (D2, D3, D11)
func (rs *Rooms) Set(ctx context.Context, s query.Set) (app.Row, error) {
	if s.Table == documentsTable {
		id, _ := s.Row["id"].(string)
		if s.Given["write_again"] != true {
			return nil, app.Errorf(app.Invalid, "The only thing to set in documents is write_again, and it is set to true.")
		}
		return app.Row{"id": id}, rs.WriteAgain(ctx, id)
	}
	id, _ := s.Row["document_id"].(string)
	p, _ := pushOf(s.Row)
	p.account = app.CallerFrom(ctx).AccountID
	if p.from == 0 {
		p.from = p.n
	}
	if p.origin == "" || p.ofProject() || p.from < 1 || p.n < p.from {
		return nil, app.Errorf(app.Invalid, "A set of patches needs an origin of its own and numbers n_from and n that rise from 1.")
	}
	var seq int64
	err := rs.with(ctx, id, func(r *room) error {
		req := &pushRequest{push: p, ctx: ctx, reply: make(chan error, 1)}
		err, askErr := ask(ctx, r, req, req.reply)
		if askErr != nil {
			return askErr
		}
		seq = req.seq
		return err
	})
	if err != nil {
		return nil, err
	}
	return app.Row{"id": rowID(id, seq), "document_id": id, "seq": seq, "n": p.n}, nil
}

// Get answers document_states: it opens a document by project and path, or by
// id, and returns what a copy with this state vector lacks.
func (rs *Rooms) Get(ctx context.Context, filter app.Row) ([]app.Row, error) {
	id, _ := filter["document_id"].(string)
	project, _ := filter["project_id"].(string)
	path, _ := filter["path"].(string)
	if id == "" {
		if project == "" || path == "" {
			return nil, app.Errorf(app.Invalid, "document_states needs project_id and path, or document_id.")
		}
		var err error
		if id, err = rs.documentAt(ctx, project, path); err != nil {
			return nil, err
		}
	}
	rec, err := rs.opts.Store.Get(ctx, documentsTable, id)
	if err != nil {
		return nil, err
	}
	project, _ = rec.Row["project_id"].(string)
	caller := app.CallerFrom(ctx)
	role := rs.opts.Role(caller, project)
	if role < app.Viewer {
		return nil, app.ErrNotFound
	}
	vector, _ := filter["state_vector"].([]byte)
	var state stateReply
	err = rs.with(ctx, id, func(r *room) error {
		reply := make(chan stateReply, 1)
		state, err = ask(ctx, r, &stateRequest{account: caller.AccountID, vector: vector, reply: reply}, reply)
		return err
	})
	if err == nil {
		err = state.err
	}
	if err != nil {
		return nil, err
	}
	merged := make(app.Row, len(state.merged))
	for origin, n := range state.merged {
		merged[origin] = n
	}
	return []app.Row{{
		"document_id": id, "project_id": project, "path": rec.Row["path"], "state_vector": vector,
		"update": state.update, "seq": state.seq, "merged": merged, "read_only": role < app.Editor,
	}}, nil
}

// Watched keeps a document open and in step with its file while somebody
// watches its patches.
func (rs *Rooms) Watched(ctx context.Context, filter app.Row) (release func(), err error) {
	id, _ := filter["document_id"].(string)
	if id == "" {
		return func() {}, nil
	}
	rec, err := rs.opts.Store.Get(ctx, documentsTable, id)
	if err != nil {
		return nil, err
	}
	if project, named := filter["project_id"]; named && rec.Row["project_id"] != project {
		return nil, app.ErrNotFound // the caller's role is in another project
	}
	_, release, err = rs.acquire(ctx, id)
	return release, err
}

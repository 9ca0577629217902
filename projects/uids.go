package projects

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"lyceum/app"
)

// UIDs is the range of user ids that projects get, one each, never used again.
type UIDs struct{ First, Count int64 }

// DefaultUIDs are far from those of people, of packages and of subuid.
var DefaultUIDs = UIDs{First: 1_900_000_000, Count: 1_000_000}

// uid returns the user id of a project and claims one for a new project: first
// in project_uids, where the key keeps it from being claimed twice, then in the
// row. A crash in between loses a number. Ids of others are left out.
func (h *Host) uid(ctx context.Context, id string, row app.Row) (int, error) {
	if uid := number(row, "uid"); uid > 0 {
		return int(uid), h.mayUse(uid)
	}
	uid, err := h.lastUID(ctx)
	if err != nil {
		return 0, err
	}
	for uid = max(uid+1, h.o.UIDs.First); uid < h.o.UIDs.First+h.o.UIDs.Count; uid++ {
		other, err := h.owner(uid)
		if err != nil {
			return 0, err
		}
		if other.count > 0 {
			uid = other.first + other.count - 1 // the next is behind all of these
			continue
		}
		key := fmt.Sprintf("%010d", uid)
		_, err = h.o.Store.Write(ctx, app.Write{
			Table: "project_uids", ID: key, Row: app.Row{"id": key, "project_id": id}, IfRev: app.Absent,
		})
		if errors.Is(err, app.ErrConflict) {
			continue // another project is starting
		}
		if err != nil {
			return 0, fmt.Errorf("claim a user id: %w", err)
		}
		return int(uid), h.update(ctx, "projects", id, func(row app.Row) error {
			row["uid"] = uid
			return nil
		})
	}
	return 0, app.Errorf(app.Unavailable, "All user ids of projects are used. An administrator can give more with --project-uids.")
}

// mayUse refuses the user id of a project that somebody has got since: on this
// machine both would be the same to the kernel.
func (h *Host) mayUse(uid int64) error {
	other, err := h.owner(uid)
	if err != nil || other.count == 0 {
		return err
	}
	return app.Errorf(app.Unavailable, "The user id %d of this project belongs to %s on this machine too, so it is not started. "+
		"An administrator can give %s another one (usermod -u, or /etc/subuid), then it can be started.", uid, other.name, other.name)
}

// lastUID returns the greatest that was ever claimed in the range, 0 if none.
func (h *Host) lastUID(ctx context.Context) (int64, error) {
	end := fmt.Sprintf("%010d", h.o.UIDs.First+h.o.UIDs.Count)
	page, err := h.o.Store.Read(ctx, app.Range{
		Table: "project_uids", To: &app.Bound{Value: end, Open: true}, Descending: true, Limit: 1,
	})
	if err != nil {
		return 0, fmt.Errorf("read the user ids of projects: %w", err)
	}
	if len(page.Records) == 0 {
		return 0, nil
	}
	return strconv.ParseInt(page.Records[0].ID, 10, 64)
}

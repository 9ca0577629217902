package projects

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"lyceum/projects/sandbox"
)

// Check says whether somebody else has user ids of the range, for doctor: a
// line of passwd, or a range that subuid has given away.
func (u UIDs) Check() sandbox.Finding {
	return u.check("/etc/passwd", "/etc/subuid")
}

func (u UIDs) check(passwd, subuid string) sandbox.Finding {
	others, err := u.others(passwd, subuid)
	const about = "user ids"
	switch {
	case err != nil:
		return sandbox.Finding{Level: sandbox.Limited, About: about, Text: fmt.Sprintf("Whether others have the user ids of projects cannot be read: %v.", err)}
	case len(others) > 0:
		return sandbox.Finding{Level: sandbox.Missing, About: about, Text: fmt.Sprintf(
			"Of the user ids of projects (%d to %d) some belong to %s; give another range with --project-uids.",
			u.First, u.First+u.Count-1, strings.Join(others, ", "))}
	}
	return sandbox.Finding{Level: sandbox.OK, About: about, Text: fmt.Sprintf(
		"Projects get the user ids %d to %d, which nobody else has.", u.First, u.First+u.Count-1)}
}

// others returns who has ids of the range.
func (u UIDs) others(passwd, subuid string) (names []string, err error) {
	spans, err := spansOf(passwd, subuid)
	for _, s := range spans {
		if s.first < u.First+u.Count && s.first+s.count > u.First {
			names = append(names, s.name)
		}
	}
	return names, err
}

// span is user ids that belong to somebody.
type span struct {
	name         string
	first, count int64
}

// spansOf reads who has which ids.
func spansOf(passwd, subuid string) (spans []span, err error) {
	for _, file := range []struct {
		path  string
		first int // field of the id
		count int // field of how many, 0: one
	}{{passwd, 2, 0}, {subuid, 1, 2}} {
		data, err := os.ReadFile(file.path)
		if errors.Is(err, os.ErrNotExist) {
			continue // nobody has any
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			fields := strings.Split(strings.TrimSpace(line), ":")
			if len(fields) <= max(file.first, file.count) {
				continue
			}
			first, err := strconv.ParseInt(fields[file.first], 10, 64)
			count := int64(1)
			if err == nil && file.count > 0 {
				count, err = strconv.ParseInt(fields[file.count], 10, 64)
			}
			if err == nil {
				spans = append(spans, span{fields[0], first, count})
			}
		}
	}
	return spans, nil
}

// ownerOf returns who has a user id on this machine, with all ids that come with
// it, or the zero span. People of a directory service are in no file.
func ownerOf(uid int64) (span, error) {
	spans, err := spansOf("/etc/passwd", "/etc/subuid")
	if err != nil {
		return span{}, fmt.Errorf("read who has user ids: %w", err)
	}
	for _, s := range spans {
		if s.first <= uid && uid < s.first+s.count {
			return s, nil
		}
	}
	if u, err := user.LookupId(strconv.FormatInt(uid, 10)); err == nil {
		return span{u.Username, uid, 1}, nil
	}
	return span{}, nil // not known, or nobody can say
}

package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"lyceum/terminal"
)

// giveKept answers with the newest output of a terminal.
func (s *service) giveKept(w http.ResponseWriter, r *http.Request) {
	most, _ := strconv.ParseInt(r.URL.Query().Get("most"), 10, 64) // a server that says nothing gets nothing
	var kept bytes.Buffer                                          // an error after the first byte could not be told
	if err := s.terminals.Kept(&kept, r.PathValue("id"), most); err != nil {
		fail(w, err)
		return
	}
	_, _ = w.Write(kept.Bytes()) // the server is gone: nobody to tell
}

// takeKept makes a terminal of what an earlier agent has given.
func (s *service) takeKept(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	past := terminal.Past{Reason: query.Get("reason"), Line: query.Get("line"), Exact: query.Get("exact") == "1"}
	if err := s.terminals.Restore(r.PathValue("id"), r.Body, past); err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Kept returns the newest output of a terminal, at most most bytes of it, for
// Restore in the next agent. Nothing but that reads it.
func (c *Client) Kept(ctx context.Context, id string, most int64) ([]byte, error) {
	answer, err := c.do(ctx, http.MethodGet, "/terminals/"+url.PathEscape(id)+"/kept?most="+strconv.FormatInt(most, 10), nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	kept, err := io.ReadAll(io.LimitReader(answer.Body, terminal.MaxKept+1))
	if err == nil && len(kept) > terminal.MaxKept {
		err = fmt.Errorf("kept output has more than %d bytes", terminal.MaxKept)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	return kept, nil
}

// Restore makes a terminal of what was kept, in which no shell runs.
func (c *Client) Restore(ctx context.Context, id string, kept []byte, past terminal.Past) error {
	query := url.Values{"reason": {past.Reason}, "line": {past.Line}}
	if past.Exact {
		query.Set("exact", "1")
	}
	answer, err := c.do(ctx, http.MethodPut, "/terminals/"+url.PathEscape(id)+"/kept?"+query.Encode(), bytes.NewReader(kept))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

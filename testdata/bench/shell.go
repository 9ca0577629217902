package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"lyceum/terminal"
)

// shell is a viewer of a terminal, who may type.
type shell struct {
	conn    *websocket.Conn
	stop    func() bool // lets go of the context
	off     int64       // of the next byte
	skipped int64       // bytes that were left out for this viewer
}

// watch connects to a terminal, which starts its shell. The connection closes
// with the context.
func (p *person) watch(ctx context.Context, project, id string) (*shell, error) {
	conn, err := p.dial(ctx, "api/projects/"+project+"/terminals/"+id+"/socket?cols=80&rows=24")
	if err != nil {
		return nil, err
	}
	s := &shell{conn: conn}
	s.stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read that waits
	return s, nil
}

func (s *shell) close() {
	s.stop()
	leave(s.conn) // the shell goes on
}

func (s *shell) keys(text string) error {
	return s.conn.WriteMessage(websocket.BinaryMessage, []byte(text))
}

// until reads up to a text.
func (s *shell) until(text string) error {
	var tail []byte // a text may come in two frames
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		kind, data, err := s.conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", text, err)
		}
		if kind != websocket.BinaryMessage {
			if err := s.control(data); err != nil {
				return err
			}
			continue
		}
		s.off += int64(len(data))
		tail = append(tail, data...)
		if bytes.Contains(tail, []byte(text)) {
			return nil
		}
		tail = tail[max(len(tail)-len(text), 0):]
	}
}

func (s *shell) control(data []byte) error {
	var gap terminal.Gap // a hello has the same fields as far as they count here
	if err := json.Unmarshal(data, &gap); err != nil {
		return err
	}
	switch gap.Op {
	case "hello":
		s.off = gap.From
	case "gap":
		s.skipped += gap.From - s.off
		s.off = gap.From
	case "refused", "exit":
		return fmt.Errorf("the terminal says %s", data)
	}
	return nil
}

// drain reads whatever is printed until a time.
func (s *shell) drain(last time.Time) {
	_ = s.conn.SetReadDeadline(last)
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return // the time, or a shell that was killed
		}
	}
}

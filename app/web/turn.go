package web

import "context"

// turn holds one token: who has it writes.
type turn chan struct{}

func newTurn() turn {
	t := make(turn, 1)
	t <- struct{}{}
	return t
}

// send makes a message when it is its turn and writes it, unless still, which may
// be nil, says right before that it must not be sent any more; see transport.
func (t turn) send(ctx context.Context, made func() ([]byte, error), still func() bool, write func([]byte) error) error {
	select {
	case <-t:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { t <- struct{}{} }()
	data, err := made()
	if err != nil {
		return err
	}
	if still != nil && !still() {
		return errStale
	}
	return write(data)
}

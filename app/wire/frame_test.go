package wire

import (
	"errors"
	"testing"
)

// A change that was swallowed on the way would be missing for ever: the position
// of the next one lies behind it.
func TestAMessageThatIsNotTheNextIsNotTaken(t *testing.T) {
	var out, in Numbers
	frames := make([][]byte, 4)
	for i := range frames {
		frames[i] = out.Frame([]byte{byte(i)})
	}
	for _, step := range []struct {
		frame []byte
		want  error
	}{
		{frames[1], ErrLost}, {frames[0], nil}, {frames[0], ErrLost}, {frames[2], ErrLost},
		{frames[1], nil}, {nil, ErrLost}, {[]byte{0, 0, 3}, ErrLost}, {frames[2], nil},
	} {
		message, err := in.Take(step.frame)
		if !errors.Is(err, step.want) || err == nil && len(message) != 1 {
			t.Errorf("take of %x = %x, %v, want %v", step.frame, message, err, step.want)
		}
	}
}

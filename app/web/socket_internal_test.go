package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A thousand watches of a browser that reads nothing must not each hold an
// encoded answer.
func TestL7WhatWaitsForItsTurnIsNotMadeYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &socket{turn: make(chan struct{}, 1)} // somebody else writes
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- s.writeMade(ctx, 1, func() ([]byte, error) {
				t.Error("the message was made before it could be sent")
				return nil, errors.New("made")
			}, nil)
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("write = %v", err)
		}
	})
}

package rethinkstore

import "sync"

// together calls do, which writes a row, for each element, and returns the first
// error; after that it begins no more. As many run at a time as the writer puts into
// one query.
func together[T any](list []T, do func(T) error) error {
	var running sync.WaitGroup
	places := make(chan struct{}, maxBatch)
	failed := make(chan error, 1)
	for _, v := range list {
		places <- struct{}{}
		if len(failed) > 0 {
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			if err := do(v); err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	running.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

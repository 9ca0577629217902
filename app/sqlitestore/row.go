package sqlitestore

import (
	"fmt"

	"lyceum/app"
	"lyceum/app/packed"
)

// decode unpacks a row. What cannot be unpacked is damage of the file.
func decode(b []byte, kept *packed.Texts, only []string) (app.Row, error) {
	row, err := packed.Decode(b, kept, only)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return row, nil
}

//go:build vm

package disk

import (
	"testing"
)

// A kernel before 5.14 has no quotactl_fd: the device is found, and does the
// same.
func TestVMQuotaByTheDevice(t *testing.T) {
	for _, folder := range []string{"/data", "/data-xfs"} {
		q, err := OpenQuota(folder)
		if err != nil {
			t.Fatal(err)
		}
		if q.device != "" {
			t.Errorf("%s: this kernel takes a folder", folder)
		}
		if q.device, err = deviceOf(q.folder); err != nil {
			t.Fatal(err)
		}
		if err := q.probe(); err != nil {
			t.Errorf("%s by %s: %v", folder, q.device, err)
		}
		const uid = 1_899_000_001
		if err := q.Set(uid, Bound{Bytes: 1 << 20, Files: 10}); err != nil {
			t.Error(err)
		}
		if u, err := q.Usage(uid); err != nil || u != (Used{}) {
			t.Errorf("%+v, %v", u, err)
		}
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}

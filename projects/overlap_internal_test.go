package projects

import (
	"os"
	"path/filepath"
	"testing"

	"lyceum/projects/sandbox"
)

// A project with the user id of a person could read that person's files.
func TestOverlappingUserIDsAreSaid(t *testing.T) {
	u := UIDs{First: 1000, Count: 100}
	for _, tt := range []struct {
		name, passwd, subuid string
		want                 sandbox.Level
	}{
		{"nobody", "root:x:0:0::/root:/bin/sh\n", "", sandbox.OK},
		{"the last below", "a:x:999:999::/:/bin/sh\n", "a:900:100\n", sandbox.OK},
		{"the first above", "a:x:1100:1100::/:/bin/sh\n", "a:1100:65536\n", sandbox.OK},
		{"the first id", "a:x:1000:1000::/:/bin/sh\n", "", sandbox.Missing},
		{"the last id", "a:x:1099:1099::/:/bin/sh\n", "", sandbox.Missing},
		{"a range that ends inside", "", "a:900:101\n", sandbox.Missing},
		{"a range around it", "", "a:1:100000\n", sandbox.Missing},
		{"a broken line", "what\n:::\n", "x:y:z\n", sandbox.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			passwd, subuid := filepath.Join(folder, "passwd"), filepath.Join(folder, "subuid")
			for path, content := range map[string]string{passwd: tt.passwd, subuid: tt.subuid} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := u.check(passwd, subuid); got.Level != tt.want {
				t.Errorf("check = %v, want %s", got, tt.want)
			}
		})
	}
}

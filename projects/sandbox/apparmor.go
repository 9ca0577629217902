package sandbox

import (
	_ "embed"
	"strings"
)

// AppArmorFile is where the profile belongs; the sentence of doctor names it.
const AppArmorFile = "/etc/apparmor.d/lyceum"

//go:embed apparmor.profile
var appArmor string

// AppArmorProfile returns what an administrator loads where AppArmor takes the
// rights in user namespaces away from programs without a profile (Ubuntu since
// 23.10): a profile that changes nothing else for this executable.
func AppArmorProfile(executable string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`).Replace(executable)
	return strings.ReplaceAll(appArmor, "EXECUTABLE", `"`+quoted+`"`)
}

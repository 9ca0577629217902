// Package config reads what an operator can set: flags, environment variables
// and one TOML file, all with the same names. It is the only package that reads
// the environment.
//
// A setting --base-path is LYCEUM_BASE_PATH in the environment and base-path in
// the file. A flag wins over the environment, which wins over the file, which
// wins over the default. A value that is refused names the setting, where it
// came from and a way out.
package config

// Package reference describes the tables to people and to programs: all that a
// client may know of package schema, and nothing that is hidden. TABLES.md and
// frontend/src/wire/schema.gen.ts are made from it, and lyceum schema prints it.
package reference

//go:generate go test -run TestGeneratedFilesAreCurrent -update .

// Package schema declares every table: its key, its fields with type, bound,
// default and description, its indexes, and who may read and who may set what.
//
// One declaration a table, one file a noun. From it come validation,
// permission, the indexes of both databases and the TypeScript types; so what
// is not declared here does not exist for anybody. Declarations are constant
// after init and may be read from any goroutine.
package schema

// Package rethinktest is a server for tests that speaks RethinkDB's driver
// protocol and keeps its tables in memory. It is what the adapter's tests and
// the demos run against where no RethinkDB is at hand.
//
// Its truth are answers recorded on RethinkDB 2.4 (testdata/records.jsonl): a
// test replays them with the real driver. It is strict: a term, an optional
// argument or a message that it does not know is an error that names it, never a
// guess. Where RethinkDB promises no order, the order here is another one than
// that of the keys, and an index that nobody has waited for is not ready.
//
// # Known
//
// Messages: the handshake V1_0 with SCRAM-SHA-256, TLS, START, CONTINUE, STOP,
// NOREPLY_WAIT, SERVER_INFO. Options of a query: db, noreply, array_limit,
// max_batch_rows, changefeed_queue_size, durability, read_mode (single and
// majority), and the formats as raw.
//
// Terms, each with the optional arguments of its operator (terms_*.go):
//
//	values:    make_array make_obj func var implicit_var args minval maxval literal
//	           binary now to_epoch_time uuid type_of to_json_string
//	control:   branch funcall default error for_each and or not
//	compare:   eq ne lt le gt ge add sub mul div match
//	objects:   get_field bracket has_fields pluck without merge keys
//	sequences: filter map concat_map reduce union limit skip nth count is_empty
//	           contains distinct range coerce_to append prepend order_by asc desc
//	rows:      db table get get_all between
//	writes:    insert update replace delete sync
//	feeds:     changes, of a table, a row, keys, a range, what is filtered or
//	           plucked, the first rows of an order, and the union of such
//	admin:     db_create db_drop db_list table_create table_drop table_list
//	           index_create index_drop index_rename index_list index_status
//	           index_wait config status wait reconfigure
//
// Tables of the system, to be read and watched: server_status, server_config
// (whose tags can be updated), db_config, table_config, table_status,
// current_issues.
//
// # Not met in the records
//
// What the errors say of rights, of replicas, of names that several have and of a
// primary that is away, and
// which rights config() asks for, is from the sources of RethinkDB; that only
// admin sees the system's tables is from its documentation. A key that occurs
// twice in one row's multi index is kept twice. Rows are written one by one, as
// over many shards, and never half. What becomes of a table without a majority of
// its replicas (Options.Quorum), of nodes without tags, and emergency_repair are
// from the documentation.
//
// # Faults
//
// What a cluster does to its clients can be asked for: see the methods of
// Server.
package rethinktest

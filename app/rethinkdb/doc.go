// Package rethinkdb runs a RethinkDB node for this server, and nothing else does.
//
// The program is the one that was named, the one that this executable carries
// (unpacked once into the data directory and known by its hash), or that of the
// PATH. Its data, its secret and what is made of that are in one folder of the
// data directory.
//
// What all nodes of a cluster share is one secret, made at the first start. From
// it come the password of the database's administrator, which is set before the
// node takes its first connection, and the certificate authority by which nodes
// know each other: a node without the secret can neither join nor listen in, nor
// can another user of the same machine. Drivers are served on loopback only, the
// page of the database not at all, and other nodes only where ClusterListen says.
//
// The process is restarted when it ends, later each time, at the same address. It
// is told to end by SIGTERM, also by the kernel when this process dies, and takes
// seconds for it; a start before its end is repeated until the folder is free.
package rethinkdb

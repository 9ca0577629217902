// Package helper is the process that carries a project's connections: it runs
// beside the sandbox as the project's user, in the host's network, and may do
// little else than open sockets.
//
// The server starts it, and it outlives the server. It ends with the project.
package helper

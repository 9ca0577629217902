// Package web is what the browser talks to: the pages, the routes of signing in,
// files and terminals, and the tables' WebSocket; and what scripts talk to, with an
// API key. It decodes, calls and encodes; it decides nothing.
//
// It guarantees that
//   - every answer has the security headers, and bytes of users leave only as
//     attachments that no browser runs;
//   - a request of another site changes nothing and opens no socket: Origin (or
//     Sec-Fetch-Site) has to be that of the Host header, which a proxy in front
//     must pass on unchanged;
//   - whatever waits for a browser has a bound in time and memory, so that a slow
//     one delays nobody;
//   - a stream ends within a second of the loss of its session, key or role (W5).
package web

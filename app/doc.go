// Package app is the domain: what an account, a project and a role are, what
// can go wrong, and what a store promises. Everything else is an adapter around
// it or uses it; it imports nothing of ours.
package app

// Package auth knows who is asking: passwords, sign-ins, API keys, and the links
// that make the first account, invite others and help who has lost a password.
//
// It guarantees that
//   - nothing that is stored signs anybody in: passwords are kept as argon2id,
//     tokens of sign-ins and links, and API keys, as their SHA-256;
//   - a link works once (an invitation as often as its maker said);
//   - an unknown address and a wrong password cannot be told apart, neither by
//     the answer nor by its time, and attempts are limited for each account and
//     each network address;
//   - an account exists as soon as, and only if, its row in accounts does. What
//     an interrupted sign-up has written before it is taken over by the next one
//     for that address.
//
// Who may see and do what is the business of package access.
package auth

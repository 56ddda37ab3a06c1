// Package matrix plays whole sessions over a real Matrix homeserver, in encrypted rooms, with the binary as it is shipped.
//
// How it works: TestMain builds Dendrite (with C, in a module of its own) and Trellis (without, with the tag goolm) and starts
// the server on loopback; each test brings people of its own, with clients that encrypt (friend.go), starts Trellis, and
// looks at what these people read.
//
// What always holds: nothing is read that a person's client did not decrypt itself, from a device that its owner has
// signed. A file with tests that need the tag is left out without it: run this package with
//
//	go test -tags goolm ./matrix
//
// To try one by hand, give -run and -v: the transcript that a person's client saw is printed.
package matrix

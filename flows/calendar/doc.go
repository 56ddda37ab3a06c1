// Package calendar says what instant people mean by the dates, times and recurrences they write.
//
// How it works: a wall-clock wish (a [Date] with a [Clock], or a [Rule] that repeats) is kept with its zone
// and made into an instant anew each time, by [At]. Phrases are read by a small strict grammar whose words
// stand in one file a language, below languages/; what the grammar does not read to its end is no date.
//
// What always holds: no clock is read, the caller's [Context] carries the instant and the zone. A time that
// a zone skips means the first valid minute after it, one that comes twice means the first; so [At] never goes
// back when the wish goes forward, and a rule never gives one instant twice. What has two readings that both
// lie ahead is an [AmbiguousError] with both, what lies behind a [PastError]; nothing is guessed. Everything
// here is a pure function and may be called from any goroutine.
//
// To test with it: hand in a fixed Context. The tests of this package count every minute and compare.
package calendar

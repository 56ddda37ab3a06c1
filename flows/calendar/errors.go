package calendar

import (
	"fmt"
	"time"
)

// AmbiguousError says that a text has several readings that lie ahead; ask which.
type AmbiguousError struct {
	Text    string
	Choices []When // from Parse: at least two, earliest first
	Rules   []Rule // from ParseRule: at least two
}

func (e *AmbiguousError) Error() string { return fmt.Sprintf("%q has several readings", e.Text) }

// PastError says that a text means a time behind us; ask whether one of the choices was meant.
type PastError struct {
	Text    string
	When    When   // the reading that lies behind
	Choices []When // what comes next of the same kind (the same day next year, the same time tomorrow); may be empty
}

func (e *PastError) Error() string { return fmt.Sprintf("%q is past", e.Text) }

// FarError says that a text means a day beyond Limit, ten years ahead: more likely a slip than a wish.
type FarError struct {
	Text  string
	When  When
	Limit Date
}

func (e *FarError) Error() string { return fmt.Sprintf("%q is after %s", e.Text, e.Limit) }

// UnknownError says that a text is nothing that this package reads.
type UnknownError struct {
	Text string
	Near []string // words or names that the writer may have meant, best first; may be empty
}

func (e *UnknownError) Error() string { return fmt.Sprintf("%q is not known here", e.Text) }

// OftenError says that a rule would come round more often than is bearable.
type OftenError struct {
	Text  string
	Least time.Duration // the shortest interval that is accepted
}

func (e *OftenError) Error() string {
	return fmt.Sprintf("%q comes more often than every %s", e.Text, e.Least)
}

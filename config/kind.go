package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what a value is; it decides how the value is checked and which getter of Config returns it.
type Kind int

// The kinds.
const (
	String   Kind = iota // any text
	Bool                 // true or false, on or off, yes or no
	Duration             // a number with a unit: 30s, 5m, 2h
	List                 // a YAML list, or one line with commas
	Listen               // where to listen: host:port or :port
	URL                  // https://… or http://…, kept without a slash at its end
	Zone                 // an IANA zone: Europe/London
	Folder               // a path, from where Trellis is started; it need not be there yet
	Size                 // bytes, with KB, MB, GB (thousands) or KiB, MiB, GiB (1024s)
)

// set gives e the value that was written as texts. Its error repeats no secret.
func (e *entry) set(texts []string, list bool) error {
	if list && e.key.Kind != List {
		return fmt.Errorf("takes one value, not a list")
	}
	e.text = strings.TrimSpace(strings.Join(texts, ", "))
	if e.text == "" && e.key.Default != "" {
		e.text, texts, list = e.key.Default, []string{e.key.Default}, false
	}
	for _, r := range e.text {
		if r < ' ' {
			return fmt.Errorf("holds a line break or a control character; write it in one line")
		}
	}
	if e.text != "" {
		if err := e.allowed(); err != nil {
			return err
		}
	}
	if e.key.Secret {
		e.value = NewSecret(e.text)
		return nil
	}
	return e.parse(texts, list)
}

// allowed asks the key's own conditions.
func (e *entry) allowed() error {
	if e.key.OneOf != nil && !slices.Contains(e.key.OneOf, e.text) {
		text := fmt.Sprintf("takes one of %s", strings.Join(e.key.OneOf, ", "))
		if near := Nearest(e.text, e.key.OneOf); near != "" {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
		return fmt.Errorf("%s", text)
	}
	if e.key.Check != nil {
		return e.key.Check(e.text)
	}
	return nil
}

// parse sets the typed value from the text.
func (e *entry) parse(texts []string, list bool) (err error) {
	switch e.key.Kind {
	case String:
		e.value = e.text
	case Bool:
		e.value, err = parseBool(e.text)
	case Duration:
		e.value, err = parseDuration(e.text)
	case List:
		e.value = parseList(texts, list)
	case Listen:
		e.value, err = e.text, checkListen(e.text)
	case URL:
		e.text = strings.TrimRight(e.text, "/")
		e.value, err = e.text, checkURL(e.text)
	case Zone:
		e.value, err = parseZone(e.text)
	case Folder:
		e.value, err = e.text, checkFolder(e.text)
	case Size:
		e.value, err = parseSize(e.text)
	}
	return err
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "on", "yes":
		return true, nil
	case "", "false", "off", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

func parseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no length of time; write a number with a unit, such as 30s, 5m or 2h", text)
	}
	return d, nil
}

// parseList keeps the items of a YAML list as they are, and takes a single line apart at its commas.
func parseList(texts []string, list bool) []string {
	if !list {
		texts = strings.Split(strings.Join(texts, ","), ",")
	}
	var items []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			items = append(items, t)
		}
	}
	return items
}

func checkListen(text string) error {
	if text == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " /@") {
		return fmt.Errorf("%q is no address to listen at; write host:port, such as 127.0.0.1:8080, or :8080 for every address", text)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q has no port between 0 and 65535", text)
	}
	return nil
}

// checkURL does not repeat the text, which may hold a password.
func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("is no web address; write https://host or http://host")
	case u.User != nil:
		return fmt.Errorf("holds a name or a password; leave out what stands before the @")
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("goes on after its path; leave out the ? or # and what follows")
	}
	return nil
}

func parseZone(text string) (*time.Location, error) {
	zone, err := time.LoadLocation(text)
	if err != nil || text == "Local" {
		return nil, fmt.Errorf("%q is no time zone; write an IANA name such as Europe/London", text)
	}
	return zone, nil
}

func checkFolder(text string) error {
	if info, err := os.Stat(text); err == nil && !info.IsDir() {
		return fmt.Errorf("%q is a file; name a folder", text)
	}
	return nil
}

func parseSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	digits := strings.TrimRight(text, "KMGiB ")
	unit, known := map[string]int64{
		"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
	}[strings.TrimSpace(text[len(digits):])]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n < 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is no size; write a whole number with a unit, such as 64MB or 1GiB", text)
	}
	return n * unit, nil
}

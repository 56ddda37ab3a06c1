// Package words holds what people read: one catalogue a language, YAML files beside this one.
//
// How it works: a file's nested keys become dotted ones (checkin.ask); a value is a template in which {slot} stands
// for an argument, **bold** and `code` for themselves, an empty line begins a paragraph and "- " an item of a list.
// A key whose values are named zero, one, two, few, many, other is chosen by the argument n with CLDR's plural rules.
//
// What always holds: English is complete, and another language uses, in each text, only slots that the English one
// has; Load checks both. Only catalogue text is read for markup, never an argument.
//
// To add a language, add its file; Load says what is wrong with it.
package words

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed *.yaml
var files embed.FS

// English is the language that has every text.
const English = "en"

// Catalogues are the texts of all languages. They never change after Load.
type Catalogues struct {
	byLanguage map[string]map[string]entry
}

type entry struct {
	forms map[plural.Form]Template // one under plural.Other where the number does not matter
	tag   language.Tag
}

// Load reads the catalogues that are built in.
func Load() (*Catalogues, error) { return load(files) }

func load(from fs.FS) (*Catalogues, error) {
	names, err := fs.Glob(from, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	c := &Catalogues{byLanguage: map[string]map[string]entry{}}
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
		code, _, _ := strings.Cut(name, ".")
		if err := c.add(code, data); err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
	}
	return c, c.check()
}

func (c *Catalogues) add(code string, data []byte) error {
	tag, err := language.Parse(code)
	if err != nil {
		return err
	}
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return err
	}
	if c.byLanguage[code] == nil {
		c.byLanguage[code] = map[string]entry{}
	}
	return c.addTree(code, tag, "", tree)
}

var pluralForms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

func (c *Catalogues) addTree(code string, tag language.Tag, prefix string, tree map[string]any) error {
	var errs []error
	for name, value := range tree {
		key := prefix + name
		switch v := value.(type) {
		case string:
			errs = append(errs, c.put(code, key, entry{tag: tag, forms: map[plural.Form]Template{plural.Other: parse(v)}}))
		case map[string]any:
			if _, ok := v["other"]; !ok {
				errs = append(errs, c.addTree(code, tag, key+".", v))
				continue
			}
			e := entry{tag: tag, forms: map[plural.Form]Template{}}
			for form, text := range v {
				f, ok := pluralForms[form]
				s, isText := text.(string)
				if !ok || !isText {
					errs = append(errs, fmt.Errorf("%s: beside \"other\" only zero, one, two, few, many with a text can stand, not %q", key, form))
					continue
				}
				e.forms[f] = parse(s)
			}
			errs = append(errs, c.put(code, key, e))
		default:
			errs = append(errs, fmt.Errorf("%s: a text or a group of texts is wanted, found %v", key, value))
		}
	}
	return errors.Join(errs...)
}

func (c *Catalogues) put(code, key string, e entry) error {
	if _, twice := c.byLanguage[code][key]; twice {
		return fmt.Errorf("%s: stands there twice", key)
	}
	c.byLanguage[code][key] = e
	return nil
}

// check compares each language with English.
func (c *Catalogues) check() error {
	english := c.byLanguage[English]
	if english == nil {
		return errors.New("there is no catalogue en.yaml")
	}
	var errs []error
	for _, code := range c.Languages() {
		for key, e := range c.byLanguage[code] {
			own, ok := english[key]
			if !ok {
				errs = append(errs, fmt.Errorf("%s.yaml: %s: English has no such text", code, key))
				continue
			}
			for _, t := range e.forms {
				for _, slot := range t.Slots() {
					if !slices.Contains(own.slots(), slot) {
						errs = append(errs, fmt.Errorf("%s.yaml: %s: English has no {%s}, only %v", code, key, slot, own.slots()))
					}
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (e entry) slots() []string {
	var all []string
	for _, t := range e.forms {
		all = append(all, t.Slots()...)
	}
	return all
}

// Languages lists the languages that have a catalogue, as BCP 47 codes, in order.
func (c *Catalogues) Languages() []string {
	return slices.Sorted(maps.Keys(c.byLanguage))
}

// Keys lists all keys of a language, in order.
func (c *Catalogues) Keys(code string) []string {
	return slices.Sorted(maps.Keys(c.byLanguage[code]))
}

// Match returns the language of ours that serves somebody who asked for code ("cy-GB" is served by cy), and whether
// there is one.
func (c *Catalogues) Match(code string) (string, bool) {
	for code != "" {
		if _, ok := c.byLanguage[code]; ok {
			return code, true
		}
		cut := strings.LastIndexAny(code, "-_")
		if cut < 0 {
			return "", false
		}
		code = code[:cut]
	}
	return "", false
}

// Find returns the text under key for the number n, in the language or else in English; false when English has none.
func (c *Catalogues) Find(code, key string, n int) (Template, bool) {
	e, ok := c.byLanguage[code][key]
	if !ok {
		if e, ok = c.byLanguage[English][key]; !ok {
			return nil, false
		}
	}
	if len(e.forms) == 1 {
		return e.forms[plural.Other], true
	}
	if n < 0 {
		n = -n
	}
	if t, ok := e.forms[plural.Cardinal.MatchPlural(e.tag, n, 0, 0, 0, 0)]; ok {
		return t, true
	}
	return e.forms[plural.Other], true
}

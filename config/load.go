// Package config reads a file and the environment into the sections that packages register.
//
// How it works: a package that wants settings hands over a Section, the list of its keys with kind, default and
// meaning. Load reads the YAML file, then the environment, which wins; it checks every value by its key's kind and
// returns a Config whose getters are typed. In the environment a key is TRELLIS_ and its name in capitals with _ for
// each dot: slack.bot_token is TRELLIS_SLACK_BOT_TOKEN. An empty value is the default.
//
// What always holds: Load finds every mistake, not only the first, and names its key, its line and the nearest known
// key. A secret comes from the environment or from a file that its owner alone may read, and no error, log or
// print-out shows it; neither does the value of a key that nobody knows, which may be a secret with a slip in its name.
//
// To test what a package does with its settings, Load from an Environ in memory; no file is needed.
package config

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Section is the keys of one package.
type Section struct {
	Name string // stands before the keys, with a dot; "" for keys that stand alone
	Keys []Key
}

// Key is one setting.
type Key struct {
	Name    string // without the section's name; lower case, digits and _
	Kind    Kind
	Default string   // as it would stand in the file; "" for none
	OneOf   []string // when not empty, no other value is accepted
	Secret  bool     // read by Config.Secret, and never shown
	Doc     string   // what it is for, in one line
	// Check, when set, is asked last. What it returns is shown after the key, so it must not repeat a secret.
	Check func(value string) error
}

// Options say where to read.
type Options struct {
	File     string    // path of the YAML file; "" for none
	Environ  []string  // as os.Environ gives it
	Sections []Section // all that is known; any other key is a mistake
}

// Config is what was read. It does not change, and any goroutine may ask it.
type Config struct {
	entries map[string]entry
	order   []string // keys as they were registered
}

type entry struct {
	key   Key
	name  string // with the section's name
	text  string
	value any    // of the type that belongs to the key's kind
	where string // "trellis.yaml:3", "TRELLIS_DATA" or "default"
}

// A setting is one value as somebody wrote it.
type setting struct {
	name  string // with the sections it stands in
	texts []string
	list  bool // written as a list
	empty bool // nothing stands after the colon
	line  int
}

// Load reads and checks all settings. Its error is Mistakes when somebody wrote something wrong.
func Load(o Options) (*Config, error) {
	c := &Config{entries: map[string]entry{}}
	for _, s := range o.Sections {
		c.register(s)
	}
	var wrong Mistakes
	if o.File != "" {
		settings, mode, mistakes, err := readFile(o.File)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, mistakes...)
		wrong = append(wrong, c.fromFile(settings, o.File, mode)...)
	}
	wrong = append(wrong, c.fromEnviron(o.Environ)...)
	if len(wrong) > 0 {
		slices.SortStableFunc(wrong, func(a, b Mistake) int { return a.Line - b.Line })
		return nil, wrong
	}
	return c, nil
}

// register adds a section's keys with their defaults. What is wrong with them is a mistake of ours.
func (c *Config) register(s Section) {
	for _, k := range s.Keys {
		name := k.Name
		if s.Name != "" {
			name = s.Name + "." + k.Name
		}
		if _, twice := c.entries[name]; twice {
			panic("config: key " + name + " is registered twice")
		}
		e := entry{key: k, name: name, where: "default"}
		if err := e.set([]string{k.Default}, false); err != nil {
			panic("config: the default of key " + name + ": " + err.Error())
		}
		c.entries[name], c.order = e, append(c.order, name)
	}
}

// fromFile sets what the file says; mode tells who may read it.
func (c *Config) fromFile(settings []setting, file string, mode fs.FileMode) (wrong Mistakes) {
	lines := map[string]int{}
	for _, s := range settings {
		mistake := func(format string, args ...any) {
			wrong = append(wrong, Mistake{File: file, Line: s.line, Key: s.name, Text: fmt.Sprintf(format, args...)})
		}
		e, known := c.entries[s.name]
		if !known {
			if !s.empty || !c.section(s.name) { // a section whose keys are all commented out is no mistake
				mistake("%s", c.unknown(s.name))
			}
			continue
		}
		if first, twice := lines[s.name]; twice {
			mistake("stands twice, first in line %d", first)
			continue
		}
		lines[s.name] = s.line
		if s.empty {
			mistake("has no value; write one, or take the line out")
			continue
		}
		if err := e.set(s.texts, s.list); err != nil {
			mistake("%v", err)
			continue
		}
		if e.key.Secret && e.text != "" && mode&0o077 != 0 {
			mistake("is a secret, and others than the owner may read or change this file (mode %04o): chmod 600 %s, or set %s instead", mode, file, Variable(s.name))
			continue
		}
		e.where = fmt.Sprintf("%s:%d", file, s.line)
		c.entries[s.name] = e
	}
	return wrong
}

// fromEnviron sets what the environment says. Variables are few, so each is looked at once a key.
func (c *Config) fromEnviron(environ []string) (wrong Mistakes) {
	variables := map[string]string{} // variable → key
	for _, name := range c.order {
		variables[Variable(name)] = name
	}
	for _, pair := range environ {
		variable, text, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(variable, prefix) || ofKubernetes(variable) || text == "" {
			continue
		}
		name, known := variables[variable]
		if !known {
			all := make([]string, 0, len(c.order))
			for _, n := range c.order {
				all = append(all, Variable(n))
			}
			wrong = append(wrong, Mistake{Key: variable, Text: noSuch("variable", Nearest(variable, all))})
			continue
		}
		e := c.entries[name]
		if err := e.set([]string{text}, false); err != nil {
			wrong = append(wrong, Mistake{Key: variable, Text: err.Error()})
			continue
		}
		e.where = variable
		c.entries[name] = e
	}
	return wrong
}

const prefix = "TRELLIS_"

// Variable is the name of a key in the environment.
func Variable(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// ofKubernetes tells the variables that Kubernetes and Docker links set for a service that is called trellis
// (TRELLIS_SERVICE_HOST, TRELLIS_PORT_8080_TCP, …), which are nobody's slip.
func ofKubernetes(variable string) bool {
	rest := strings.TrimPrefix(variable, prefix)
	return rest == "PORT" || strings.HasPrefix(rest, "PORT_") ||
		strings.HasPrefix(rest, "SERVICE_HOST") || strings.HasPrefix(rest, "SERVICE_PORT")
}

// section tells whether keys stand below name.
func (c *Config) section(name string) bool {
	return slices.ContainsFunc(c.order, func(known string) bool { return strings.HasPrefix(known, name+".") })
}

// unknown explains a key that nobody registered.
func (c *Config) unknown(name string) string {
	if c.section(name) {
		return "is a section; its keys stand in lines of their own below it, indented"
	}
	for _, known := range c.order {
		if strings.HasSuffix(known, "."+name) { // the section was left out, or the indentation
			return noSuch("key", known)
		}
	}
	return noSuch("key", Nearest(name, c.order))
}

func noSuch(what, nearest string) string {
	if nearest == "" {
		return "there is no such " + what
	}
	return "there is no such " + what + "; did you mean " + nearest + "?"
}

// get returns a key's value. Asking for a key that was not registered, or by another kind, is a mistake of ours.
func get[T any](c *Config, name string) T {
	e, ok := c.entries[name]
	if !ok {
		panic("config: key " + name + " is not registered")
	}
	v, ok := e.value.(T)
	if !ok {
		panic(fmt.Sprintf("config: key %s is asked for as %T", name, v))
	}
	return v
}

// String returns the value of a key of kind String, Listen, URL or Folder.
func (c *Config) String(name string) string { return get[string](c, name) }

// Secret returns the value of a secret key.
func (c *Config) Secret(name string) Secret { return get[Secret](c, name) }

// Bool returns the value of a key of kind Bool; without value and default it is false.
func (c *Config) Bool(name string) bool { return get[bool](c, name) }

// Duration returns the value of a key of kind Duration; without value and default it is 0.
func (c *Config) Duration(name string) time.Duration { return get[time.Duration](c, name) }

// List returns the values of a key of kind List, in the order written.
func (c *Config) List(name string) []string { return slices.Clone(get[[]string](c, name)) }

// Zone returns the value of a key of kind Zone; without value and default it is UTC.
func (c *Config) Zone(name string) *time.Location { return get[*time.Location](c, name) }

// Size returns the value of a key of kind Size in bytes; without value and default it is 0.
func (c *Config) Size(name string) int64 { return get[int64](c, name) }

// Given tells whether somebody set the key.
func (c *Config) Given(name string) bool { return c.Where(name) != "default" }

// Where tells where a key's value comes from: file and line, a variable, or "default".
func (c *Config) Where(name string) string {
	e, ok := c.entries[name]
	if !ok {
		panic("config: key " + name + " is not registered")
	}
	return e.where
}

// Shown is a setting as it may be printed.
type Shown struct {
	Name, Value, Where string
	Key                Key
}

// All lists every key in the order of registration, with secrets hidden.
func (c *Config) All() []Shown {
	all := make([]Shown, 0, len(c.order))
	for _, name := range c.order {
		e := c.entries[name]
		value := e.text
		if e.key.Secret && value != "" {
			value = hidden
		}
		all = append(all, Shown{Name: name, Value: value, Where: e.where, Key: e.key})
	}
	return all
}
